internal import Glibc
internal import Threads

/// How far one measured piece of work is; drawn by a ``LiveDisplay``.
///
/// `add` may be called from any thread and as often as the work likes.
package final class ProgressMeter: Sendable {
    /// What a line shows. The line is made from it alone, so that tests need no terminal.
    package struct Snapshot: Hashable, Sendable {
        package var verb: String
        package var done: Int64
        package var total: Int64
        /// Seconds since the start.
        package var elapsed: Double

        package init(verb: String, done: Int64, total: Int64, elapsed: Double) {
            self.verb = verb
            self.done = done
            self.total = total
            self.elapsed = elapsed
        }

        /// The line, in less than `columns`: the rate goes first where there is no room, then the bytes.
        package func line(columns: Int) -> String {
            let percent = total > 0 ? Int(done * 100 / total) : 100
            var fields: [StatusLine.Field] = [
                .init("verb", verb), .init("percent", "\(percent)%", gap: 1),
                .init("bytes", "\(Format.bytes(done)) of \(Format.bytes(total))"),
            ]
            if elapsed >= 1, done > 0 {
                let rate = Double(done) / elapsed
                fields.append(.init("rate", "\(Format.bytes(Int64(rate)))/s"))
                if done < total { fields.append(.init("left", "\(Format.duration(Double(total - done) / rate)) left")) }
            }
            let line = StatusLine(fields, giving: [("rate", 0), ("bytes", 0), ("left", 0), ("verb", 4)])
            return line.fitted(to: max(columns - 1, 10))
        }
    }

    private let started = Clock.now()
    private let done: Lock<Int64>
    private let display: LiveDisplay

    package init(verb: String, total: Int64, on terminal: Terminal = .standardError) {
        let (done, started) = (Lock<Int64>(0), self.started)
        self.done = done
        let snapshot = { @Sendable () -> Snapshot in
            Snapshot(verb: verb, done: done.withLock { $0 }, total: total, elapsed: Clock.now() - started)
        }
        display = LiveDisplay(
            on: terminal, frame: { [snapshot().line(columns: $0)] }, plain: { snapshot().line(columns: 500) })
    }

    /// Takes note of `bytes` more; negative where work is done again.
    package func add(_ bytes: Int64) { done.withLock { $0 += bytes } }

    /// Removes the line from the terminal.
    package func finish() { display.finish() }

    /// Where nobody finished it, something failed.
    deinit { finish() }
}

/// Seconds on a clock that never jumps.
package enum Clock {
    package static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// How many processors this process may use.
package enum ProcessorCount {
    package static var available: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
