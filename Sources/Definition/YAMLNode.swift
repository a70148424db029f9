internal import Yams

/// One node of a YAML document: what it holds and the line that it stands on.
///
/// Aliases and merge keys (`<<`) are resolved, as Kubernetes' own decoder does it. Scalars stay text: `1.0` and `0644`
/// are what was written, never numbers that were.
package struct YAMLNode: Hashable, Sendable {
    /// How a scalar was written, as far as anything depends on it.
    package enum Style: Hashable, Sendable {
        /// Without quotes: may mean a number, a boolean or nothing.
        case plain
        case quoted
        /// `|`: the n-th line of the text stands n lines below the node's own.
        case literal
        case folded
    }

    /// One key of a mapping and its value.
    package struct Entry: Hashable, Sendable {
        package let key: String
        package let keyLine: Int
        package let value: YAMLNode
    }

    /// What a node holds.
    package enum Content: Hashable, Sendable {
        case scalar(String, Style)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    package let content: Content
    /// Counted from 1, across all documents of the file.
    package let line: Int

    init(_ content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// The text of a scalar that isn't null.
    package var text: String? {
        if case .scalar(let text, _) = content, !isNull { text } else { nil }
    }

    package var isNull: Bool {
        if case .scalar(let text, .plain) = content { ["", "~", "null", "Null", "NULL"].contains(text) } else { false }
    }

    /// The elements of a sequence; `nil` where this is none.
    package var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The entries of a mapping, in the order written; `nil` where this is none.
    package var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value under `key`; `nil` where this is no mapping or has no such key.
    package subscript(key: String) -> YAMLNode? { entries?.first { $0.key == key }?.value }

    /// The value down a path of keys.
    package subscript(path first: String, _ rest: String...) -> YAMLNode? {
        rest.reduce(self[first]) { $0?[$1] }
    }

    /// What the node is, as an error says it.
    package var kindName: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension YAMLNode {
    /// More nodes than any manifest has; aliases of aliases would make billions out of a few lines.
    private static let maximumNodes = 1_000_000

    /// The documents of `text`, empty ones left out; throws with line and column where it isn't YAML.
    package static func documents(in text: String, file: String) throws(DefinitionError) -> [YAMLNode] {
        guard !AliasBomb.isPossible(in: text) else {
            throw DefinitionError(
                SourceLocation(file: file), .syntax("aliases of aliases, and keys that are more than a plain text"))
        }
        var budget = maximumNodes
        var roots: [Node] = []
        do {
            // Keys are texts here, whatever else they could be: `1` and `"1"` are the same one, as in the JSON that
            // Kubernetes makes of them, and no regular expressions have to be asked.
            // `for in` would iterate a copy and lose the error that ended it.
            var sequence = try compose_all(yaml: text, .basic)
            while let root = sequence.next() { roots.append(root) }
            if let error = sequence.error { throw error }
        } catch let error as YamlError {
            throw error.located(in: file)
        } catch {
            throw DefinitionError(SourceLocation(file: file), .syntax("\(error)"))
        }
        var documents: [YAMLNode] = []
        for root in roots {
            let node = try convert(root, file: file, budget: &budget)
            if !node.isNull { documents.append(node) }
        }
        return documents
    }

    private static func convert(
        _ node: Node, file: String, budget: inout Int
    ) throws(DefinitionError) -> YAMLNode {
        let line = node.mark?.line ?? 1
        budget -= 1
        guard budget > 0 else {
            throw DefinitionError(
                SourceLocation(file: file, line: line), .syntax("more than \(maximumNodes) nodes, counting aliases"))
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(.scalar(scalar.string, Style(scalar)), line: line)
        case .sequence(let sequence):
            var elements: [YAMLNode] = []
            for element in sequence { elements.append(try convert(element, file: file, budget: &budget)) }
            return YAMLNode(.sequence(elements), line: line)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let keyLine = key.mark?.line ?? line
                guard case .scalar(let scalar) = key else {
                    throw DefinitionError(
                        SourceLocation(file: file, line: keyLine), .syntax("a key must be a single value"))
                }
                let value = try convert(value, file: file, budget: &budget)
                entries.append(Entry(key: scalar.string, keyLine: keyLine, value: value))
            }
            return YAMLNode(.mapping(merged(entries)), line: line)
        case .alias:
            // The composer has put every alias's target in its place.
            return YAMLNode(.scalar("", .plain), line: line)
        }
    }

    /// Entries of `<<` come after the mapping's own, and only where it has no such key.
    private static func merged(_ entries: [Entry]) -> [Entry] {
        let merges = entries.filter { $0.key == "<<" && $0.value.text == nil }
        guard !merges.isEmpty else { return entries }
        var result = entries.filter { entry in !merges.contains { $0 == entry } }
        var keys = Set(result.map(\.key))
        for source in merges.flatMap({ $0.value.elements ?? [$0.value] }) {
            for entry in source.entries ?? [] where keys.insert(entry.key).inserted { result.append(entry) }
        }
        return result
    }
}

extension YAMLNode.Style {
    fileprivate init(_ scalar: Node.Scalar) {
        self =
            switch scalar.style {
            case .any, .plain: .plain
            case .singleQuoted, .doubleQuoted: .quoted
            case .literal: .literal
            case .folded: .folded
            }
    }
}

extension YamlError {
    fileprivate func located(in file: String) -> DefinitionError {
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            DefinitionError(
                SourceLocation(file: file, line: mark.line, column: mark.column),
                .syntax(context.map { "\(problem), \($0.text) of line \($0.mark.line)" } ?? problem))
        case .duplicatedKeysInMapping(let keys, let context):
            DefinitionError(
                SourceLocation(file: file, line: context.mark.line),
                .duplicateKey(keys.joined(separator: "', '")))
        case .reader(let problem, let offset, _, let yaml):
            DefinitionError(
                SourceLocation(
                    file: file,
                    line: offset.map { yaml.prefix($0).utf8.filter { $0 == UInt8(ascii: "\n") }.count + 1 }),
                .syntax(problem))
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            DefinitionError(SourceLocation(file: file), .syntax("\(self)"))
        }
    }
}
