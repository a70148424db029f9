package import Definition

/// Something in a manifest that works on a connected host and won't on an isolated one.
package struct LintFinding: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Hashable, Sendable {
        /// Must be changed, or waived in the definition.
        case error
        case warning
    }

    package let rule: LintRule
    package let severity: Severity
    /// Relative to the bundle's folder.
    package let file: String
    package let line: Int
    /// `Kind/name`.
    package let object: String
    package let field: String
    package let message: String
    /// What to do instead.
    package let remedy: String
    /// The chart's template that gave the line; `nil` where the file is the bundle's own.
    package internal(set) var template: String?
    /// Why it is right as it is, by the definition's word; `nil` where nobody has waived it.
    package internal(set) var waiver: String?
}

extension LintFinding: CustomStringConvertible {
    /// `file:line: Kind/name field: message [rule]`.
    package var description: String {
        "\(file):\(line)\(template.map { " (\($0))" } ?? ""): \(object) \(field): \(message) [\(rule.rawValue)]"
    }
}

extension LintFinding: Comparable {
    package static func < (left: LintFinding, right: LintFinding) -> Bool {
        (left.file, left.line, left.field, left.rule.rawValue)
            < (right.file, right.line, right.field, right.rule.rawValue)
    }
}
