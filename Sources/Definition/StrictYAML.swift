/// A cursor over a YAML document that accepts only what is asked for.
///
/// Every refusal names the file, the line and, for keys, the keys that exist there.
package struct StrictYAML: Sendable {
    package let node: YAMLNode
    /// The file as messages show it.
    package let file: String
    /// Where in the document this is: `stages[0].ready`; empty at the top.
    package let path: String

    init(node: YAMLNode, file: String, path: String) {
        self.node = node
        self.file = file
        self.path = path
    }

    /// The only document of `text`; throws where there is none, or more than one.
    package init(document text: String, file: String) throws(DefinitionError) {
        let documents = try YAMLNode.documents(in: text, file: file)
        guard let first = documents.first else {
            throw DefinitionError(SourceLocation(file: file), .syntax("the file is empty"))
        }
        guard documents.count == 1 else {
            throw DefinitionError(
                SourceLocation(file: file, line: documents[1].line), .syntax("a second document in a file that has one")
            )
        }
        self.init(node: first, file: file, path: "")
    }

    package var line: Int { node.line }

    package var location: SourceLocation { SourceLocation(file: file, line: line) }

    /// The field's name for a message.
    package var field: String { path.isEmpty ? "the document" : path }

    /// The mapping here, whose keys are all among `known`.
    package func mapping(_ known: String...) throws(DefinitionError) -> StrictMapping { try mapping(known) }

    /// The mapping here, whose keys are all among `known`.
    package func mapping(_ known: [String]) throws(DefinitionError) -> StrictMapping {
        let mapping = try anyMapping()
        for entry in node.entries ?? [] where !known.contains(entry.key) {
            throw DefinitionError(
                SourceLocation(file: file, line: entry.keyLine), .unknownKey(entry.key, in: field, known: known))
        }
        return StrictMapping(cursor: self, known: known, entries: mapping)
    }

    /// The entries of a mapping whose keys are names of the user's own choice.
    package func anyMapping() throws(DefinitionError) -> [(key: String, line: Int, value: StrictYAML)] {
        guard let entries = node.entries else { throw wrongType("a mapping") }
        return entries.map { ($0.key, $0.keyLine, child($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)")) }
    }

    /// The elements of the list here.
    package func sequence() throws(DefinitionError) -> [StrictYAML] {
        guard let elements = node.elements else { throw wrongType("a list") }
        return elements.enumerated().map { child($1, "\(path)[\($0)]") }
    }

    /// The text here, as written; numbers and booleans too, so that `version: 1.0` stays `1.0`.
    package func string() throws(DefinitionError) -> String {
        guard let text = node.text else { throw wrongType("a text") }
        return text
    }

    /// The text here, which must not be empty.
    package func nonEmptyString() throws(DefinitionError) -> String {
        let text = try string()
        guard !text.isEmpty else { throw invalid(text, "it must not be empty") }
        return text
    }

    /// The integer here.
    package func integer() throws(DefinitionError) -> Int64 {
        let text = try string()
        guard let number = Int64(text) else { throw invalid(text, "an integer is wanted") }
        return number
    }

    /// An error about the value here.
    package func invalid(_ value: String, _ rule: String, suggestion: String? = nil) -> DefinitionError {
        DefinitionError(location, .invalid(field: field, value: value, rule: rule, suggestion: suggestion))
    }

    private func wrongType(_ expected: String) -> DefinitionError {
        DefinitionError(location, .wrongType(field: field, expected: expected, found: node.kindName))
    }

    private func child(_ node: YAMLNode, _ path: String) -> StrictYAML {
        StrictYAML(node: node, file: file, path: path)
    }
}

/// A mapping of which all keys are known.
package struct StrictMapping: Sendable {
    package let cursor: StrictYAML
    private let known: [String]
    private let entries: [(key: String, line: Int, value: StrictYAML)]

    init(cursor: StrictYAML, known: [String], entries: [(key: String, line: Int, value: StrictYAML)]) {
        self.cursor = cursor
        self.known = known
        self.entries = entries
    }

    /// The value under `key`, if it stands there.
    package subscript(key: String) -> StrictYAML? { entries.first { $0.key == key }?.value }

    /// The value under `key`; throws where it is missing.
    package func required(_ key: String) throws(DefinitionError) -> StrictYAML {
        guard let value = self[key] else {
            throw DefinitionError(cursor.location, .missingKey(key, in: cursor.field, known: known))
        }
        return value
    }

    /// The elements of the list under `key`; none where the key is missing.
    package func list(_ key: String) throws(DefinitionError) -> [StrictYAML] {
        guard let value = self[key] else { return [] }
        return try value.sequence()
    }
}
