internal import Glibc
internal import Synchronization

/// A request to stop that any thread can make, and that threads notice while they wait for a descriptor.
///
/// Once made it stays: everything that looks at it from then on stops too.
package final class Cancellation: Sendable {
    private let flag = Atomic(false)
    /// Never read from, so that one shutdown wakes every thread that polls, and all that come later.
    private let ends: (watched: CInt, own: CInt)

    package init() {
        var pair: [CInt] = [-1, -1]
        // A socket pair and not a pipe: close-on-exec from the start, whoever forks meanwhile.
        let kind = CInt(SOCK_STREAM.rawValue | UInt32(SOCK_CLOEXEC.rawValue))
        let code = socketpair(AF_UNIX, kind, 0, &pair)
        // The limit on open files is reached before any work has begun.
        precondition(code == 0, "can't make a socket pair: \(String(cString: strerror(errno)))")
        ends = (pair[0], pair[1])
    }

    deinit {
        close(ends.watched)
        close(ends.own)
    }

    /// Whether ``cancel()`` was called.
    package var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Throws `CancellationError` once cancelled.
    package func check() throws(CancellationError) {
        if isCancelled { throw CancellationError() }
    }

    /// A descriptor that `poll` reports as readable once cancelled; valid as long as this object, and not to be read.
    package var descriptor: CInt { ends.watched }

    /// Asks everybody who looks at this to stop; may be called from any thread, more than once, and from a signal
    /// handler.
    package func cancel() {
        flag.store(true, ordering: .releasing)
        shutdown(ends.own, CInt(SHUT_WR))
    }
}
