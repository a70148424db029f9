internal import BundleInstaller
internal import CommandSupport
internal import Preflight
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
        case .detail: return []
        }
    }

    /// The line that is drawn over and over, in less than `columns`; `elapsed` are the seconds since the step began.
    ///
    /// Where there is little room, what goes first is what matters least to somebody who waits.
    func line(elapsed: Double, columns: Int) -> String {
        var fields: [StatusLine.Field] = [.init("title", count > 0 ? "[\(number)/\(count)] \(title)" : title)]
        if total > 0 {
            fields.append(.init("percent", "\(done * 100 / total)%"))
            fields.append(.init("bytes", "\(Format.bytes(done)) of \(Format.bytes(total))"))
            if elapsed >= 1, done > 0, done < total {
                let rate = Double(done) / elapsed
                fields.append(.init("rate", "\(Format.bytes(Int64(rate)))/s"))
                fields.append(.init("left", "\(Format.duration(Double(total - done) / rate)) left"))
            }
        } else {
            fields.append(.init("elapsed", Format.duration(elapsed)))
        }
        fields.append(.init("doing", doing, isName: true))
        if let first = blockers.first {
            let more = blockers.count > 1 ? " and \(blockers.count - 1) more" : ""
            fields.append(.init("blocker", "waiting for \(first)" + more))
        }
        for index in fields.indices { fields[index].text = fields[index].text.printable() }
        return StatusLine(
            fields,
            giving: [
                ("doing", 16), ("doing", 0), ("rate", 0), ("bytes", 0), ("blocker", 24), ("title", 16), ("left", 0),
                ("blocker", 0), ("elapsed", 0), ("title", 8),
            ]
        ).fitted(to: max(columns - 1, 10))
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

/// Shows a command's steps on stderr, one plain line for each that is done, and how far the one under way is.
final class InstallDisplay: InstallRenderer {
    private struct State {
        var standing = InstallStanding()
        var began = Clock.now()
    }

    private let state: Lock<State>
    private let display: LiveDisplay

    init(on terminal: Terminal = .standardError) {
        let state = Lock(State())
        @Sendable func line(_ columns: Int) -> String {
            let state = state.withLock { $0 }
            guard state.standing.count > 0 else { return "" }
            return state.standing.line(elapsed: Clock.now() - state.began, columns: columns)
        }
        self.state = state
        display = LiveDisplay(
            on: terminal,
            frame: { columns in
                let line = line(columns)
                return line.isEmpty ? [] : [line]
            },
            plain: {
                let line = line(500)
                return line.isEmpty ? "" : "    " + line
            })
    }

    /// A display that draws from now on.
    static func started() -> InstallDisplay { InstallDisplay() }

    @Sendable func show(_ event: InstallEvent) {
        state.withLock { state in
            if case .began = event { state.began = Clock.now() }
            let lines = state.standing.take(event)
            guard !lines.isEmpty, Verbosity.current != .quiet || event.isTrouble else { return }
            Terminal.standardError.write(lines.map { $0 + "\n" }.joined())
        }
        if case .detail(_, let text) = event { Message.detail(text) }
    }

    func finish() { display.finish() }
}

extension InstallEvent {
    /// Whether it is told even where quiet was asked for.
    var isTrouble: Bool {
        switch self {
        case .failed, .warning: true
        case .checked(_, _, let passed, _): !passed
        case .looked(let report): report.checks.contains { $0.status == .warn || $0.status == .fail }
        default: false
        }
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
        if case .detail = event, Verbosity.current != .verbose { return }
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
        case .detail(let step, let text): Line(event: "detail", step: step, what: text)
        }
    }
}
