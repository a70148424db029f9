internal import Definition
internal import OCI

/// Images that stand in texts: variables, arguments, scripts, and YAML inside of YAML.
extension ImageScanner {
    /// A text in a text in a text is the deepest that is looked into.
    private static let maximumDepth = 3

    mutating func scanScalar(_ node: YAMLNode, at place: Place) throws(DefinitionError) {
        guard let text = node.text else { return }
        if text.contains("\n") || text.hasPrefix("{") || text.hasPrefix("[") {
            try scanText(text, node, at: place)
        } else if ImageText.isImageKey(place.key) {
            addNamed(node, at: place)
        } else if let reference = ImageText.lookingLikeImage(text) {
            add(reference, text, .guess, node, place)
        } else if text.contains(" ") || text.contains("=") {
            scanWords(of: text, firstLine: place.lines.line(of: node), stepsLines: false, at: place)
        }
    }

    /// A text of several lines, or of JSON: walked as the document that it is, or read word by word.
    private mutating func scanText(_ text: String, _ node: YAMLNode, at place: Place) throws(DefinitionError) {
        let isLiteral = if case .scalar(_, .literal) = node.content { true } else { false }
        let line = place.lines.line(of: node)
        let stepsLines: Bool
        var inner = place
        if case .fixed = place.lines { stepsLines = false } else { stepsLines = isLiteral }
        inner.lines = stepsLines ? .after(line) : .fixed(line)
        inner.depth += 1

        // Most texts are no YAML, and what isn't is read word by word.
        let documents = place.depth < Self.maximumDepth ? try? YAMLNode.documents(in: text, file: shown) : nil
        let structured = (documents ?? []).filter { $0.text == nil }
        guard !structured.isEmpty else {
            return scanWords(
                of: text, firstLine: stepsLines ? line + 1 : line, stepsLines: stepsLines, at: place)
        }
        for document in structured { try walk(document, at: inner) }
    }

    /// `--image=REF`, `--image REF`, and words that look like an image by themselves.
    mutating func scanArguments(_ node: YAMLNode, at place: Place) {
        var previous = ""
        for (index, argument) in (node.elements ?? [node]).enumerated() {
            guard let text = argument.text else { continue }
            let inner = place[index]
            let line = inner.lines.line(of: argument)
            if Self.isImageFlag(previous), let found = ImageText.namedAsImage(text) {
                addText((found.reference, text, found.isPinned ? .likely : .guess), line: line, at: inner)
            } else {
                let isLiteral = if case .scalar(_, .literal) = argument.content { true } else { false }
                scanWords(
                    of: text, firstLine: isLiteral ? line + 1 : line, stepsLines: isLiteral, at: inner)
            }
            previous = text
        }
    }

    private static func isImageFlag(_ word: some StringProtocol) -> Bool {
        word.hasPrefix("-") && !word.contains("=") && ImageText.isImageKey(String(word))
    }

    /// Reads a script, a properties file or a command line: `name=REF` and `image: REF` count by their name, other
    /// words by their look.
    private mutating func scanWords(of text: String, firstLine: Int, stepsLines: Bool, at place: Place) {
        var line = firstLine
        for row in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var previous = ""
            for word in row.split(whereSeparator: { " \t\r\"'`,;|&<>()[]{}".contains($0) }).map({ String($0) }) {
                if let hit = Self.hit(in: word, after: previous) { addText(hit, line: line, at: place) }
                previous = word
            }
            if stepsLines { line += 1 }
        }
    }

    private static func hit(
        in word: String, after previous: String
    ) -> (reference: ImageReference, written: String, grade: DiscoveredImage.Grade)? {
        if let equals = word.firstIndex(of: "=") {
            let value = String(word[word.index(after: equals)...])
            if ImageText.isImageKey(String(word[..<equals])), let found = ImageText.namedAsImage(value) {
                return (found.reference, value, found.isPinned ? .likely : .guess)
            }
            return ImageText.lookingLikeImage(value).map { ($0, value, .guess) }
        }
        let isNamed =
            isImageFlag(previous) || (previous.hasSuffix(":") && ImageText.isImageKey(String(previous.dropLast())))
        if isNamed, let found = ImageText.namedAsImage(word), found.isPinned {
            return (found.reference, word, .likely)
        }
        return ImageText.lookingLikeImage(word).map { ($0, word, .guess) }
    }

    private static let pairs = [
        ("repository", "tag"), ("newName", "newTag"), ("image", "tag"), ("image", "imageTag"), ("name", "tag"),
    ]

    /// `repository` and `tag`, perhaps with `registry` and `digest`, as charts and operators write an image; kustomize's
    /// `newName` and `newTag`. Returns the keys that are thereby explained.
    mutating func scanPair(_ node: YAMLNode, at place: Place) -> Set<String> {
        let isImage = ImageText.isImageKey(place.key)
        for (nameKey, tagKey) in Self.pairs {
            guard let name = node[nameKey], let path = name.text, nameKey != "name" || isImage else { continue }
            let tag = node[tagKey]?.text ?? ""
            let digest = node["digest"]?.text ?? ""
            guard (isImage && nameKey != "image") || !tag.isEmpty || !digest.isEmpty else { continue }
            // What has its tag already is a whole reference, whatever stands beside it.
            guard nameKey != "image" || ImageText.namedAsImage(path)?.isPinned == false else { continue }
            var written = node["registry"]?.text.map { $0.isEmpty ? path : "\($0)/\(path)" } ?? path
            if !tag.isEmpty { written += ":\(tag)" }
            if !digest.isEmpty { written += "@\(digest)" }
            guard let found = ImageText.namedAsImage(written) else { continue }
            add(found.reference, written, found.isPinned ? .likely : .guess, name, place / nameKey)
            return ["registry", nameKey, tagKey, "digest"]
        }
        return []
    }
}
