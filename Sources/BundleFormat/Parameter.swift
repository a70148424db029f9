/// A value that the operator may choose at install time.
package struct Parameter: Hashable, Sendable, Codable {
    /// What values a parameter takes.
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case string, integer, boolean, path, quantity, host
    }

    /// How the installer makes a value, once per installation.
    package struct Generator: Hashable, Sendable, Codable {
        /// The number of characters.
        package var length: Int
        /// Which kind of text: `alphanumeric` or `uuid-base64` (22 characters, as Kafka's cluster id).
        package var format: String

        package init(length: Int, format: String) {
            self.length = length
            self.format = format
        }
    }

    package var name: String
    package var kind: Kind
    package var description: String?
    /// `nil`: the operator must give a value, or the installer generates one.
    package var value: String?
    package var generate: Generator?
    /// Set by the build where an image reference depends on the value: it can't be changed any more.
    package var isFrozen: Bool

    package init(
        name: String, kind: Kind, description: String? = nil, value: String? = nil, generate: Generator? = nil,
        isFrozen: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.description = description
        self.value = value
        self.generate = generate
        self.isFrozen = isFrozen
    }
}
