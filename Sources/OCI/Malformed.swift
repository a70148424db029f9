/// Input that breaks a rule of the image or distribution specification.
///
/// The one error of this module: every parser says what it was reading, what it was given, and which clause refused it.
package struct Malformed: Error, Hashable, CustomStringConvertible {
    /// What was being read: "digest", "image reference", "image manifest" …
    package let subject: String
    /// The input, shortened to 200 characters and with control characters escaped, safe to print.
    package let input: String
    /// The rule that it breaks, with the clause or source that states it.
    package let rule: String

    package init(_ subject: String, _ input: some StringProtocol, breaks rule: String) {
        self.subject = subject
        self.input = Self.printable(input)
        self.rule = rule
    }

    package var description: String { "malformed \(subject) '\(input)': \(rule)" }

    private static func printable(_ input: some StringProtocol) -> String {
        var shown = ""
        for scalar in input.unicodeScalars.prefix(200) {
            // Hostile names must not move the cursor or hide text on the operator's terminal.
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let hidesText = (0x200B...0x200F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
            if isControl || hidesText || (0x2066...0x2069).contains(scalar.value) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return input.unicodeScalars.count > 200 ? shown + "…" : shown
    }
}
