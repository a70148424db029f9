internal import Glibc
internal import Threads

/// How far one measured piece of work is; draws on a terminal, and prints a plain line now and then elsewhere.
///
/// `add` may be called from any thread and as often as the work likes; drawing is throttled here.
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

        /// The line, cut to `columns`.
        package func line(columns: Int) -> String {
            let percent = total > 0 ? Int(done * 100 / total) : 100
            var line = "\(verb) \(percent)%  \(Format.bytes(done)) of \(Format.bytes(total))"
            if elapsed >= 1, done > 0 {
                let rate = Double(done) / elapsed
                line += "  \(Format.bytes(Int64(rate)))/s"
                if done < total { line += "  \(Format.duration(Double(total - done) / rate)) left" }
            }
            return String(line.prefix(max(columns - 1, 10)))
        }
    }

    private struct State {
        var done: Int64 = 0
        var lastDrawn = 0.0
        var isDrawn = false
    }

    private let verb: String
    private let total: Int64
    private let started = Clock.now()
    private let isInteractive = Terminal.standardError.isInteractive
    private let state = Lock(State())

    package init(verb: String, total: Int64) {
        self.verb = verb
        self.total = total
    }

    /// Takes note of `bytes` more; negative where work is done again.
    package func add(_ bytes: Int64) {
        let now = Clock.now()
        let due: Snapshot? = state.withLock { state in
            state.done += bytes
            guard now - max(state.lastDrawn, started) >= (isInteractive ? 0.1 : 10) else { return nil }
            state.lastDrawn = now
            state.isDrawn = true
            return Snapshot(verb: verb, done: state.done, total: total, elapsed: now - started)
        }
        guard let due else { return }
        let output = Terminal.standardError
        let line = due.line(columns: output.columns)
        output.write(isInteractive ? "\r\(line)\u{1B}[K" : "\(line)\n")
    }

    /// Removes the line from the terminal.
    package func finish() {
        if isInteractive, state.withLock({ $0.isDrawn }) { Terminal.standardError.write("\r\u{1B}[K") }
    }
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
