internal import Threads

/// Wakes a transfer whose sink answered ``BodyFlow/pause``; may be opened from any thread, at any time.
package final class BodyGate: Sendable {
    private let resume = Lock<(@Sendable () -> Void)?>(nil)

    package init() {}

    /// Lets the body flow again; without effect where it flows already.
    package func open() {
        resume.withLock { $0 }?()
    }

    func attach(_ resume: @escaping @Sendable () -> Void) {
        self.resume.withLock { $0 = resume }
    }

    func detach() {
        resume.withLock { $0 = nil }
    }
}
