internal import Glibc
internal import Synchronization
internal import Threads

/// Turns SIGINT and SIGTERM into cancellation of the running command.
package enum Interruption {
    private static let flag = Atomic(false)

    /// Whether a signal has come.
    package static var happened: Bool { flag.load(ordering: .acquiring) }

    /// Blocks the signals in this thread and all that it starts; call before any other thread exists.
    package static func prepare() {
        var signals = set()
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // A reader of our output that goes away is an error of write(2), not our death.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body` in a task that the first signal cancels; the second ends the process.
    static func cancels(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        OSThread.spawn(name: "signals") {
            var signals = set()
            var number: Int32 = 0
            while sigwait(&signals, &number) == 0 {
                if flag.exchange(true, ordering: .acquiringAndReleasing) { _exit(128 + number) }
                task.cancel()
            }
        }
        try await task.value
    }

    private static func set() -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        return signals
    }
}
