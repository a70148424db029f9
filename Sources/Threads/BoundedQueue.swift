/// A queue between threads that holds at most `capacity` elements: the faster side waits for the slower.
///
/// Elements come out in the order in which they went in. Any number of threads may push and pop.
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        /// A ring: `count` elements from `first` on.
        var slots: [Element?]
        var first = 0
        var count = 0
        var isClosed = false
    }

    private let monitor: Monitor<State>

    package init(capacity: Int) {
        precondition(capacity > 0, "a queue needs room for one element")
        monitor = Monitor(State(slots: Array(repeating: nil, count: capacity)))
    }

    /// Appends `element`, blocking while the queue is full; `false` when the queue is closed and it was not taken.
    @discardableResult
    package func push(_ element: Element) -> Bool {
        monitor.wait {
            $0.isClosed || $0.count < $0.slots.count
        } then: { state in
            guard !state.isClosed else { return false }
            state.slots[(state.first + state.count) % state.slots.count] = element
            state.count += 1
            return true
        }
    }

    /// Takes the oldest element, blocking while there is none; `nil` once the queue is closed and drained.
    package func pop() -> Element? {
        monitor.wait {
            $0.isClosed || $0.count > 0
        } then: { state in
            guard state.count > 0 else { return nil }
            let element = state.slots[state.first]
            state.slots[state.first] = nil
            state.first = (state.first + 1) % state.slots.count
            state.count -= 1
            return element
        }
    }

    /// Refuses further elements and wakes everybody who waits; what is in the queue can still be popped.
    package func close() {
        monitor.update { $0.isClosed = true }
    }
}
