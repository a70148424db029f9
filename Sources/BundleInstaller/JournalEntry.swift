internal import Glibc
internal import OCI

/// One line of the journal.
struct JournalEntry: Hashable, Sendable, Codable {
    /// What happened.
    enum Event: String, Hashable, Sendable, Codable {
        /// A command set out; the entries up to the next one are its.
        case started
        /// A step was begun, went through, or gave up.
        case begun, finished, failed
        /// The command reached its end.
        case completed
    }

    /// UTC, RFC 3339, whole seconds.
    var at: String
    var event: Event
    /// Of `started`: `install`, `upgrade` …
    var command: String?
    /// Of `started`: `NAME-VERSION` of the bundle and the digest of its `index.json`.
    var bundle: String?
    var index: Digest?
    /// Of `started`: the fingerprint of the key that signed the bundle, where it was checked.
    var signedBy: Digest?
    /// Of `started`: the preflight checks that the operator waived by name.
    var waived: [String]?
    var step: String?
    /// The digest of everything that the step depends on: finished with equal inputs, it need not be done again.
    var inputs: Digest?
    /// Of `failed`: why.
    var reason: String?

    init(_ event: Event, step: String? = nil, inputs: Digest? = nil, reason: String? = nil) {
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
    func isFinished(_ step: String, inputs: Digest) -> Bool {
        let undone = lastIndex { $0.command == Uninstallation.command }
        guard let last = self[(undone ?? startIndex)...].last(where: { $0.step == step }) else { return false }
        return last.event == .finished && last.inputs == inputs
    }

    /// The bundles, `NAME-VERSION`, that commands were given: more than one where an upgrade was begun.
    var bundles: Set<String> { Set(filter { $0.event == .started }.compactMap(\.bundle)) }

    /// The command that set out last and has not reached its end.
    var unfinished: JournalEntry? {
        guard let start = lastIndex(where: { $0.event == .started }),
            !self[start...].contains(where: { $0.event == .completed })
        else { return nil }
        return self[start]
    }
}
