internal import Glibc
package import OCI

/// One line of the journal.
package struct JournalEntry: Hashable, Sendable, Codable {
    /// What happened.
    package enum Event: String, Hashable, Sendable, Codable {
        /// A command set out; the entries up to the next one are its.
        case started
        /// A step was begun, went through, or gave up.
        case begun, finished, failed
        /// The command reached its end.
        case completed
    }

    /// The command that undoes what the others did.
    package static let uninstall = "uninstall"

    /// UTC, RFC 3339, whole seconds.
    package var at: String
    package var event: Event
    /// Of `started`: `install`, `upgrade` …
    package var command: String?
    /// Of `started`: `NAME VERSION` of the bundle and the digest of its `index.json`.
    package var bundle: String?
    package var index: Digest?
    /// Of `started`: the preflight checks that the operator waived by name.
    package var waived: [String]?
    package var step: String?
    /// The digest of everything that the step depends on: finished with equal inputs, it need not be done again.
    package var inputs: Digest?
    /// Of `failed`: why.
    package var reason: String?

    package init(_ event: Event, step: String? = nil, inputs: Digest? = nil, reason: String? = nil) {
        at = Self.now()
        self.event = event
        self.step = step
        self.inputs = inputs
        self.reason = reason
    }

    private static func now() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}

extension [JournalEntry] {
    /// Whether `step` went through with `inputs` and nothing was done to it since: neither again, nor undone by an
    /// `uninstall` that stopped half-way.
    package func isFinished(_ step: String, inputs: Digest) -> Bool {
        let undone = lastIndex { $0.command == JournalEntry.uninstall }
        guard let last = self[(undone ?? startIndex)...].last(where: { $0.step == step }) else { return false }
        return last.event == .finished && last.inputs == inputs
    }

    /// The command that set out last and has not reached its end.
    package var unfinished: JournalEntry? {
        guard let start = lastIndex(where: { $0.event == .started }),
            !self[start...].contains(where: { $0.event == .completed })
        else { return nil }
        return self[start]
    }
}
