/// A `Content-Range` header of a partial answer: RFC 9110 §14.4.
struct ContentRange: Hashable, Sendable {
    var first: Int64?
    /// The length of the whole; `nil` for `*`.
    var total: Int64?

    /// Parses `bytes FIRST-LAST/TOTAL` or `bytes */TOTAL`.
    init?(_ value: String) {
        let words = value.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let total = Self.number(parts[1]) else { return nil }
        self.total = total.value
        guard parts[0] != "*" else { return }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), 0 <= first, first <= last else {
            return nil
        }
        self.first = first
    }

    private static func number(_ text: Substring) -> (value: Int64?, Void)? {
        if text == "*" { return (nil, ()) }
        guard let value = Int64(text), value >= 0 else { return nil }
        return (value, ())
    }
}
