/// The grammar of references: distribution `reference/reference.go` and `normalize.go`.
extension ImageReference {
    private static let subject = "image reference"
    /// The longest repository, registry and path together (distribution `NameTotalLengthMax`).
    private static let maximumNameLength = 255
    private static let maximumTagLength = 128

    /// Parses any spelling of an image name; throws ``Malformed`` with the rule that the text breaks.
    package init(parsing text: some StringProtocol) throws(Malformed) {
        let text = String(text)
        func broken(_ rule: String) -> Malformed { Malformed(Self.subject, text, breaks: rule) }

        guard !text.isEmpty else { throw broken("a name must not be empty") }
        guard !text.hasSchemeMark else {
            throw broken("a name has no scheme; write it without \(text.prefix { $0 != ":" })://")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw broken("a name is printable ASCII without spaces")
        }

        // All is ASCII from here on: bytes are characters, and much quicker told apart.
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) {
            do { digest = try Digest(parsing: rest[rest.utf8.index(after: at)...]) } catch { throw broken(error.rule) }
            rest = rest[..<at]
        }
        var tag: String?
        let lastComponent =
            rest.utf8.lastIndex(of: UInt8(ascii: "/")).map { rest.utf8.index(after: $0) } ?? rest.startIndex
        if let colon = rest[lastComponent...].utf8.lastIndex(of: UInt8(ascii: ":")),
            !rest[lastComponent...].hasPrefix("[")
        {
            let written = rest[rest.utf8.index(after: colon)...]
            guard Self.isTag(written) else {
                throw broken(
                    "a tag is 1 to \(Self.maximumTagLength) letters, digits, '_', '.' and '-', the first not '.' or '-'"
                )
            }
            tag = String(written)
            rest = rest[..<colon]
        }

        let (registry, path) = Self.splitRegistry(rest)
        guard Self.isRegistry(registry) else {
            throw broken("'\(registry)' is no registry host: letters, digits, '.' and '-', then an optional :PORT")
        }
        guard !path.isEmpty else { throw broken("the repository is missing") }
        if path.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) {
            throw broken("a repository is lowercase; did you mean '\(text.lowercasedRepository(path))'?")
        }
        let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for component in components.map(Substring.init) where !Self.isComponent(component) {
            throw broken(
                component.isEmpty
                    ? "a repository has no empty path component"
                    : "'\(component)' is no path component: lowercase letters and digits, parted by '.', '_', '__' or '-'s"
            )
        }
        guard registry.utf8.count + 1 + path.utf8.count <= Self.maximumNameLength else {
            throw broken("a repository has at most \(Self.maximumNameLength) characters")
        }
        // Such a name could be an image ID; the runtime would never look it up as a name (ParseNormalizedNamed).
        if digest == nil, tag == nil, rest.utf8.count == 64, rest.utf8.allSatisfy(Self.isHex) {
            throw broken("64 hexadecimal characters are an image ID, not a name")
        }

        let implied = tag == nil && digest == nil
        self.init(
            registry: registry, repository: path, tag: implied ? "latest" : tag, digest: digest, tagIsImplied: implied)
    }

    /// The first component is a registry when it has a dot, a colon or a capital, or is `localhost`.
    private static func splitRegistry(_ name: Substring) -> (registry: String, path: String) {
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return ("docker.io", "library/\(name)") }
        let first = String(name[..<slash])
        let rest = String(name[name.utf8.index(after: slash)...])
        let isHost =
            first == "localhost"
            || first.utf8.contains {
                $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
            }
        guard isHost else { return ("docker.io", String(name)) }
        guard first == "docker.io" || first == "index.docker.io" else { return (first, rest) }
        return ("docker.io", rest.isEmpty || rest.utf8.contains(UInt8(ascii: "/")) ? rest : "library/\(rest)")
    }

    private static func isRegistry(_ host: String) -> Bool {
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            let address = host[host.index(after: host.startIndex)..<end]
            guard address.contains(":"), address.utf8.allSatisfy({ isHex($0) || $0 == UInt8(ascii: ":") }) else {
                return false
            }
            let port = host[host.index(after: end)...]
            return port.isEmpty || (port.hasPrefix(":") && isPort(port.dropFirst()))
        }
        let parts = host.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Substring.init)
        guard (1...2).contains(parts.count), parts.count == 1 || isPort(parts[1]) else { return false }
        return parts[0].utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        (1...5).contains(text.utf8.count) && text.utf8.allSatisfy(isDigit)
            && (1...65535).contains(Int(text) ?? 0)
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= maximumTagLength else { return false }
        return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
            && text.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            }
    }

    /// Alphanumerics with single separators between them: '.', '_', '__' or any number of '-'.
    private static func isComponent(_ text: Substring) -> Bool {
        var separator: [UInt8] = []
        var isFirst = true
        for byte in text.utf8 {
            if isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) {
                guard separator.isEmpty || (!isFirst && isSeparator(separator)) else { return false }
                separator = []
                isFirst = false
            } else {
                separator.append(byte)
            }
        }
        return !isFirst && separator.isEmpty
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        bytes == [UInt8(ascii: ".")] || bytes == [UInt8(ascii: "_")]
            || bytes == [UInt8(ascii: "_"), UInt8(ascii: "_")] || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

extension String {
    /// Whether "://" stands in the text: no name of an image has it, every URL does.
    package var hasSchemeMark: Bool {
        var rest = utf8[...]
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            rest = rest[rest.index(after: colon)...]
            if rest.starts(with: "//".utf8) { return true }
        }
        return false
    }

    /// The same reference with its repository in lower case, for a hint.
    fileprivate func lowercasedRepository(_ path: String) -> String {
        let bare = path.hasPrefix("library/") && !contains("library/") ? String(path.dropFirst(8)) : path
        guard let found = self.firstRange(of: bare) else { return lowercased() }
        return replacingCharacters(in: found, with: bare.lowercased())
    }

    private func firstRange(of part: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(part) }.map { $0..<index($0, offsetBy: part.count) }
    }

    private func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
