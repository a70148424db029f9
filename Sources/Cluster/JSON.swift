/// Any JSON value: what the Kubernetes API prints differs by kind and version, and nothing in it may be a crash or an
/// error just because it has another shape than expected.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The member `key`; `null` where there is none.
    package subscript(key: String) -> JSON {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    /// A string, or `nil`.
    package var string: String? { if case .string(let value) = self { value } else { nil } }

    /// A whole number, or `nil`.
    package var int: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }

    /// A whole number that counts something: one below zero counts as none, so that counts can be subtracted.
    package var count: Int? { int.map { max(0, $0) } }

    /// Whether it is `true`.
    package var isTrue: Bool { self == .bool(true) }

    /// The elements of an array; none for anything else.
    package var elements: [JSON] { if case .array(let values) = self { values } else { [] } }

    /// The members of an object; none for anything else.
    package var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }
}
