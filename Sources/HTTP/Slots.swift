internal import Threads

/// Room for a bounded number of holders: `total` of them, and `perKey` under any one key.
///
/// First come, first served among those whose key has room. A place in the queue is taken when ``reserve(_:)`` returns,
/// before anybody waits, so that callers can rely on the order in which they asked.
package final class Slots: Sendable {
    /// A place in the queue, and then a slot until ``release()``.
    package final class Reservation: Sendable {
        private let slots: Slots
        let key: String

        init(_ slots: Slots, key: String) {
            self.slots = slots
            self.key = key
        }

        deinit {
            slots.release(ObjectIdentifier(self), key: key)
        }

        /// Waits for the slot; `false` when the task was cancelled meanwhile.
        package func wait() async -> Bool {
            let identity = ObjectIdentifier(self)
            return await withTaskCancellationHandler {
                await withCheckedContinuation { slots.wait(identity, $0) }
            } onCancel: {
                slots.release(identity, key: key)
            }
        }

        /// Gives the slot, or the place in the queue, to the next; more than once does no harm.
        package func release() {
            slots.release(ObjectIdentifier(self), key: key)
        }
    }

    private struct Waiting {
        let identity: ObjectIdentifier
        let key: String
        var continuation: CheckedContinuation<Bool, Never>?
    }

    private struct State {
        var queue: [Waiting] = []
        var granted: Set<ObjectIdentifier> = []
        var inUse: [String: Int] = [:]
    }

    private let total: Int
    private let perKey: Int
    private let state = Lock(State())

    package init(total: Int, perKey: Int) {
        self.total = max(1, total)
        self.perKey = max(1, perKey)
    }

    /// Takes a place in the queue.
    package func reserve(_ key: String) -> Reservation {
        let reservation = Reservation(self, key: key)
        settle {
            $0.queue.append(Waiting(identity: ObjectIdentifier(reservation), key: key))
        }
        return reservation
    }

    private func wait(_ identity: ObjectIdentifier, _ continuation: CheckedContinuation<Bool, Never>) {
        let answer: Bool? = state.withLock { state in
            if state.granted.contains(identity) { return true }
            // Neither granted nor in the queue: cancelled before it waited.
            guard let index = state.queue.firstIndex(where: { $0.identity == identity }) else { return false }
            state.queue[index].continuation = continuation
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    private func release(_ identity: ObjectIdentifier, key: String) {
        let waiter = settle { state -> CheckedContinuation<Bool, Never>? in
            if state.granted.remove(identity) != nil {
                state.inUse[key, default: 1] -= 1
                if state.inUse[key] == 0 { state.inUse[key] = nil }
                return nil
            }
            guard let index = state.queue.firstIndex(where: { $0.identity == identity }) else { return nil }
            return state.queue.remove(at: index).continuation
        }
        waiter?.resume(returning: false)
    }

    /// Changes the state, then grants what has room now.
    @discardableResult
    private func settle<Result>(_ change: (inout State) -> Result) -> Result {
        let (result, ready) = state.withLock { state in
            let result = change(&state)
            var ready: [CheckedContinuation<Bool, Never>] = []
            var index = 0
            while index < state.queue.count, state.granted.count < total {
                let waiting = state.queue[index]
                guard state.inUse[waiting.key, default: 0] < perKey else {
                    index += 1
                    continue
                }
                state.queue.remove(at: index)
                state.granted.insert(waiting.identity)
                state.inUse[waiting.key, default: 0] += 1
                if let continuation = waiting.continuation { ready.append(continuation) }
            }
            return (result, ready)
        }
        // Outside the lock: what a continuation wakes may come straight back.
        for continuation in ready { continuation.resume(returning: true) }
        return result
    }
}
