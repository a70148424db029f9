internal import BundleInstaller
internal import CommandSupport
internal import Glibc
internal import Preflight
internal import Synchronization
internal import Threads

/// Shows the events of a command that changes the host.
protocol InstallRenderer: Sendable {
    /// Takes an event; called from any thread, as often as the work likes.
    @Sendable func show(_ event: InstallEvent)
    /// Ends the display, leaving the terminal as it was.
    func finish()
}

/// Where an installation stands; what is drawn is made from this alone, so that tests need no terminal.
struct InstallStanding: Hashable, Sendable {
    var title = ""
    var number = 0
    var count = 0
    var doing = ""
    var done: Int64 = 0
    var total: Int64 = 0
    var blockers: [String] = []

    /// Takes note of an event; returns the lines that stay on the screen for it.
    ///
    /// What containers print and what Kubernetes says of them never moves the cursor.
    mutating func take(_ event: InstallEvent) -> [String] {
        lines(for: event).map { line in line.printable(keeping: "\n") }
    }

    private mutating func lines(for event: InstallEvent) -> [String] {
        switch event {
        case .began(_, let title, let number, let count):
            self = InstallStanding(title: title, number: number, count: count)
            return []
        case .kept(let step): return ["  = \(step): done before"]
        case .finished(let step, let seconds):
            let bytes = total > 0 ? ", \(Format.bytes(done))" : ""
            let title = self.title
            self = InstallStanding()
            return ["  + \(step): \(title)\(bytes), \(Format.duration(seconds))"]
        case .failed(let step, let reason):
            self = InstallStanding()
            return ["  ! \(step): \(reason)"]
        case .progress(_, let done, let total):
            (self.done, self.total) = (done, total)
            return []
        case .doing(_, let what):
            doing = what
            return []
        case .waiting(_, let blockers):
            let news = blockers.filter { !self.blockers.contains($0) }
            self.blockers = blockers
            return news.map { "    waiting for \($0)" }
        case .checked(let name, let layer, let passed, let detail):
            return ["    check \(name) (\(layer)): \(passed ? "passed" : "FAILED")" + (detail.map { ": \($0)" } ?? "")]
        case .looked(let report):
            let troubles = report.checks.filter { $0.status == .warn || $0.status == .fail }
            let passed = report.checks.filter { $0.status == .pass }.count
            return ["  + preflight: \(passed) checks passed"]
                + troubles.map { check in
                    let mark = check.waived ? "waived" : check.status == .warn ? "warning" : "FAILED"
                    return "    \(mark) \(check.name.rawValue): \(check.measured)"
                        + (check.remedy ?? "").split(separator: "\n").map { "\n      -> \($0)" }.joined()
                }
        case .warning(let text): return ["warning: \(text)"]
        }
    }

    /// The line that is drawn over and over, cut to `columns`; `elapsed` are the seconds since the step began.
    func line(elapsed: Double, columns: Int) -> String {
        var line = count > 0 ? "[\(number)/\(count)] \(title)" : title
        if total > 0 {
            line += "  \(done * 100 / total)%  \(Format.bytes(done)) of \(Format.bytes(total))"
            if elapsed >= 1, done > 0, done < total {
                let rate = Double(done) / elapsed
                line += "  \(Format.bytes(Int64(rate)))/s  \(Format.duration(Double(total - done) / rate)) left"
            }
        } else {
            line += "  \(Format.duration(elapsed))"
        }
        if !doing.isEmpty { line += "  \(doing)" }
        if let first = blockers.first {
            line += "  waiting for \(first)" + (blockers.count > 1 ? " and \(blockers.count - 1) more" : "")
        }
        return String(line.printable().prefix(max(columns - 1, 10)))
    }
}

extension String {
    /// The text with a space for every control character but `kept`.
    func printable(keeping kept: Unicode.Scalar? = nil) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar != kept && (scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value))
        }
        guard unicodeScalars.contains(where: isControl) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { isControl($0) ? " " : $0 }))
    }
}

/// Draws on a terminal; elsewhere prints a plain line per event, and one now and then while a step goes on.
final class InstallDisplay: InstallRenderer {
    private struct State {
        var standing = InstallStanding()
        var began = Clock.now()
        var lastDrawn = Clock.now()
        var isDrawn = false
    }

    private let isInteractive = Terminal.standardError.isInteractive
    private let state = Lock(State())
    private let isFinished = Atomic(false)

    /// Draws also while nothing happens: the time goes on, and somebody may wonder.
    static func started() -> InstallDisplay {
        let display = InstallDisplay()
        OSThread.spawn(name: "display") { [weak display] in
            while let display, !display.isFinished.load(ordering: .relaxed) {
                usleep(200_000)
                display.state.withLock { if !display.isFinished.load(ordering: .relaxed) { display.draw(&$0) } }
            }
        }
        return display
    }

    @Sendable func show(_ event: InstallEvent) {
        state.withLock { state in
            if case .began = event { state.began = Clock.now() }
            let lines = state.standing.take(event)
            if !lines.isEmpty {
                erase(&state)
                Terminal.standardError.write(lines.map { $0 + "\n" }.joined())
            }
            draw(&state)
        }
    }

    func finish() {
        isFinished.store(true, ordering: .relaxed)
        state.withLock { erase(&$0) }
    }

    private func draw(_ state: inout State) {
        let now = Clock.now()
        guard state.standing.count > 0, now - state.lastDrawn >= (isInteractive ? 0.1 : 10) else { return }
        state.lastDrawn = now
        let output = Terminal.standardError
        let line = state.standing.line(elapsed: now - state.began, columns: isInteractive ? output.columns : 500)
        output.write(isInteractive ? "\r\(line)\u{1B}[K" : "    \(line)\n")
        state.isDrawn = isInteractive
    }

    private func erase(_ state: inout State) {
        guard state.isDrawn else { return }
        Terminal.standardError.write("\r\u{1B}[K")
        state.isDrawn = false
    }
}

/// Writes the events as JSON, one object a line, on standard output.
final class InstallEventStream: InstallRenderer {
    /// One line.
    struct Line: Encodable {
        var event: String
        var step: String?
        var title: String?
        var number: Int?
        var count: Int?
        var seconds: Double?
        var reason: String?
        var done: Int64?
        var total: Int64?
        var what: String?
        var blockers: [String]?
        var check: String?
        var layer: String?
        var passed: Bool?
        var detail: String?
        var checks: [PreflightReport.Check]?
    }

    private let lastProgress = Lock(0.0)

    @Sendable func show(_ event: InstallEvent) {
        if case .progress(_, let done, let total) = event, done < total {
            // Bytes come by the thousand; a line a second says as much.
            let isDue = lastProgress.withLock { last in
                guard Clock.now() - last >= 1 else { return false }
                last = Clock.now()
                return true
            }
            guard isDue else { return }
        }
        // A line is made of plain values, which always encode.
        if let text = try? Format.jsonLine(Self.line(event)) { Terminal.standardOutput.write(text) }
    }

    func finish() {}

    static func line(_ event: InstallEvent) -> Line {
        switch event {
        case .began(let step, let title, let number, let count):
            Line(event: "began", step: step, title: title, number: number, count: count)
        case .kept(let step): Line(event: "kept", step: step)
        case .finished(let step, let seconds): Line(event: "finished", step: step, seconds: seconds)
        case .failed(let step, let reason): Line(event: "failed", step: step, reason: reason)
        case .progress(let step, let done, let total): Line(event: "progress", step: step, done: done, total: total)
        case .doing(let step, let what): Line(event: "doing", step: step, what: what)
        case .waiting(let step, let blockers): Line(event: "waiting", step: step, blockers: blockers)
        case .checked(let name, let layer, let passed, let detail):
            Line(event: "checked", check: name, layer: layer, passed: passed, detail: detail)
        case .looked(let report): Line(event: "preflight", passed: report.isPassing, checks: report.checks)
        case .warning(let text): Line(event: "warning", what: text)
        }
    }
}
