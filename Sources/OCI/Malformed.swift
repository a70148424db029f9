/// Input that breaks a rule of the image or distribution specification.
///
/// The one error of this module: every parser says what it was reading, what it was given, and which clause refused it.
package struct Malformed: Error, Hashable, CustomStringConvertible {
    /// What was being read: "digest", "image reference", "image manifest" …
    package let subject: String
    /// The input, shortened to 200 characters and with control characters escaped, safe to print.
    package let input: String
    /// The rule that it breaks, with the clause or source that states it; safe to print.
    package let rule: String

    package init(_ subject: String, _ input: some StringProtocol, breaks rule: String) {
        self.subject = subject
        self.input = input.printable(limit: 200)
        // Some rules quote what else was in the input.
        self.rule = rule.printable(limit: 500)
    }

    package var description: String { "malformed \(subject) '\(input)': \(rule)" }
}

/// Scalars that are not seen themselves but change what is: directions, joiners, separators, the byte order mark, tags.
private let hiding: [ClosedRange<UInt32>] = [
    0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF...0xFEFF,
    0xFFF9...0xFFFB, 0xE0000...0xE0FFF,
]

extension StringProtocol {
    /// The text as it may be shown: what moves a terminal's cursor or hides text is escaped, and after `limit`
    /// characters comes an ellipsis.
    ///
    /// For every text that somebody else has written: a hostile name must not rewrite what the operator sees.
    package func printable(limit: Int = .max) -> String {
        var shown = ""
        var rest = unicodeScalars.makeIterator()
        var count = 0
        while let scalar = rest.next() {
            guard count < limit else { return shown + "…" }
            count += 1
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            if isControl || hiding.contains(where: { $0.contains(scalar.value) }) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
