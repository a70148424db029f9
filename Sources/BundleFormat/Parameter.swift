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
        /// Which kind of text: ``alphanumeric``, ``uuid``, ``nodeAddress`` or ``nodeName``.
        package var format: String

        /// Letters and digits.
        package static let alphanumeric = "alphanumeric"
        /// A random UUID of 22 characters, as Kafka's cluster id.
        package static let uuid = "uuid-base64"
        /// The address of the node that is installed, as preflight finds it or the operator names it; `length` is 0.
        package static let nodeAddress = "node-address"
        /// The name by which Kubernetes knows the node that is installed, its `kubernetes.io/hostname`; `length` is 0.
        package static let nodeName = "node-name"

        /// Whether the host decides the value, and nothing is made up.
        package var isOfHost: Bool { format == Self.nodeAddress || format == Self.nodeName }

        package init(length: Int, format: String) {
            self.length = length
            self.format = format
        }
    }

    package var name: String
    package var kind: Kind
    package var description: String?
    /// The only values that it takes; `nil` for any of its kind.
    package var choices: [String]?
    /// The fewest characters of a value; `nil` for any number.
    package var minLength: Int?
    /// `nil`: the operator must give a value, or the installer generates one.
    package var value: String?
    package var generate: Generator?
    /// Set by the build where an image reference depends on the value: it can't be changed any more.
    package var isFrozen: Bool

    package init(
        name: String, kind: Kind, description: String? = nil, choices: [String]? = nil, minLength: Int? = nil,
        value: String? = nil, generate: Generator? = nil, isFrozen: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.description = description
        self.choices = choices
        self.minLength = minLength
        self.value = value
        self.generate = generate
        self.isFrozen = isFrozen
    }
}

extension Parameter {
    /// Whether `text` can name a parameter: a letter, then letters, digits, `_` and `-`, at most 64.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
        return isLetter(first)
            && text.utf8.allSatisfy {
                isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }

    /// The values of `parameters`: defaults, over them those of profiles, over them `overrides`.
    ///
    /// `profile` is a name, or several with commas between them, of which a later one counts over an earlier.
    ///
    /// Parameters without any value are left out: the installer generates them or asks. Throws where a profile or
    /// override names no parameter, has a value that its parameter doesn't take, or would change a frozen one.
    package static func resolve(
        _ parameters: [Parameter], profiles: [String: [String: String]] = [:], profile: String? = nil,
        overrides: [String: String] = [:]
    ) throws(ParameterError) -> [String: String] {
        var layers: [[String: String]] = []
        for name in profileNames(in: profile) {
            guard let values = profiles[name] else {
                throw .unknownProfile(name, known: profiles.keys.sorted())
            }
            layers.append(values)
        }
        layers.append(overrides)

        var values: [String: String] = [:]
        for parameter in parameters {
            if let value = parameter.value { values[parameter.name] = value }
        }
        for (name, value) in layers.flatMap({ $0.sorted { $0.key < $1.key } }) {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                throw .unknown(name: name, line: nil, known: parameters.map(\.name).sorted())
            }
            try parameter.validate(value)
            if parameter.isFrozen, let fixed = parameter.value, fixed != value {
                throw .frozen(name: name, value: fixed)
            }
            values[name] = value
        }
        return values
    }

    /// The names in what an operator gave as profile: `small`, or `small,restricted`.
    package static func profileNames(in profile: String?) -> [String] {
        profile.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
    }

    /// Throws unless `value` is one that this parameter takes.
    package func validate(_ value: String) throws(ParameterError) {
        if let rule = Self.brokenRule(of: kind, by: value) {
            throw .invalid(name: name, value: value, rule: rule)
        }
        if let choices, !choices.contains(value) {
            throw .invalid(name: name, value: value, rule: "the choices are \(choices.joined(separator: ", "))")
        }
        if let minLength, value.unicodeScalars.count < minLength {
            throw .invalid(name: name, value: value, rule: "\(minLength) characters at least are wanted")
        }
    }

    /// What it means, and what it takes beyond its kind, for people.
    package var meaning: String {
        [
            description, choices.map { "one of \($0.joined(separator: ", "))" },
            minLength.map { "\($0) characters at least" },
        ].compactMap(\.self).joined(separator: "; ")
    }

    /// Whether a parameter of this name holds what nobody may see, going by the name.
    package static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return secretWords.contains { name.contains($0) }
    }

    private static let secretWords = [
        "password", "passwd", "passphrase", "pwd", "secret", "token", "key", "credential", "auth",
    ]

    /// `text` with its control characters escaped, safe to print.
    static func printable(_ text: String) -> String {
        text.unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    private static func brokenRule(of kind: Kind, by value: String) -> String? {
        // A line break would move every line below it, and could add keys to the manifest.
        guard !value.unicodeScalars.contains(where: isControl) else {
            return "a value has no line breaks and no control characters"
        }
        return switch kind {
        case .string: nil
        case .integer: Int64(value) != nil && !value.hasPrefix("+") ? nil : "an integer is wanted, as in 3"
        case .boolean: value == "true" || value == "false" ? nil : "true or false is wanted"
        case .path: isPath(value) ? nil : pathRule
        case .quantity: Quantity(value) != nil ? nil : "a Kubernetes quantity is wanted, as in 500m, 1.5 or 2Gi"
        case .host: isHost(value) ? nil : "a host name or an IP address is wanted, without a port"
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        // U+2028 and U+2029 are line breaks to YAML 1.1.
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
    }

    private static let pathRule =
        "an absolute path is wanted, of letters, digits and '._-+@=,~', without '..', '.', '//' and a final '/'"

    private static func isPath(_ value: String) -> Bool {
        guard value.hasPrefix("/") else { return false }
        return value.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            !component.isEmpty && component != "." && component != ".."
                && component.utf8.allSatisfy { isLetter($0) || isDigit($0) || "._-+@=,~".utf8.contains($0) }
        }
    }

    private static func isHost(_ value: String) -> Bool {
        if value.contains(":") { return isIPv6(value) }
        let labels = value.split(separator: ".", omittingEmptySubsequences: false)
        if labels.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }) {
            return labels.count == 4 && labels.allSatisfy { (Int($0) ?? 256) <= 255 }
        }
        return value.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// Groups of up to four hexadecimal digits, eight of them, or fewer around one `::` (RFC 4291, 2.2).
    private static func isIPv6(_ value: String) -> Bool {
        let groups = value.split(separator: ":", omittingEmptySubsequences: false)
        let gaps = groups.indices.filter { groups[$0].isEmpty }
        let isWhole = groups.count == 8 && gaps.isEmpty
        let inner = gaps.filter { $0 != groups.startIndex && $0 != groups.endIndex - 1 }
        // An empty first or last group is only right as the outer half of a leading or trailing '::'.
        let edgesAreFine =
            (!value.hasPrefix(":") || value.hasPrefix("::")) && (!value.hasSuffix(":") || value.hasSuffix("::"))
        let isShortened = inner.count == 1 && edgesAreFine && !value.contains(":::") && groups.count - gaps.count <= 7
        return (isWhole || isShortened || value == "::")
            && groups.allSatisfy { $0.utf8.count <= 4 && $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
