internal import Glibc
internal import Synchronization
internal import Threads

/// Turns SIGINT and SIGTERM into cancellation of the running command.
package enum Interruption {
    private static let flag = Atomic(false)
    /// Carries the signals' numbers from the handler, which may do next to nothing, to a thread.
    private static let pipe: (read: CInt, write: CInt) = {
        var ends: [CInt] = [-1, -1]
        precondition(Glibc.pipe(&ends) == 0, "can't make a pipe: \(String(cString: strerror(errno)))")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }()

    /// Whether a signal has come.
    package static var happened: Bool { flag.load(ordering: .acquiring) }

    /// Takes the signals over.
    ///
    /// By a handler, not by blocking them for `sigwait`: under an async `main` libdispatch lets the main thread wait
    /// with every signal unblocked (`sigsuspend` in `dispatch_main`), where they would be deadly whatever we block.
    package static func prepare() {
        // Here, so that the handler finds it made.
        _ = pipe
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                let before = errno
                var byte = UInt8(truncatingIfNeeded: number)
                write(Interruption.pipe.write, &byte, 1)
                errno = before
            }
        }
        // A reader of our output that goes away is an error of write(2), not our death.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Runs `body` in a task that the first signal cancels; the second ends the process.
    static func cancels(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        OSThread.spawn(name: "signals") {
            var number: UInt8 = 0
            while read(pipe.read, &number, 1) == 1 {
                if flag.exchange(true, ordering: .acquiringAndReleasing) {
                    Terminal.standardError.area.abandon()
                    _exit(128 + CInt(number))
                }
                task.cancel()
            }
        }
        try await task.value
    }
}
