internal import Yams

/// YAML that becomes a part of other YAML.
package enum YAMLText {
    /// The one mapping of `text`, in block style, each line indented by `indent` spaces; comments are lost.
    ///
    /// Throws where `text` is not one document with a mapping; messages call it `file`.
    package static func block(_ text: String, file: String, indent: Int) throws(DefinitionError) -> String {
        _ = try StrictYAML(document: text, file: file).anyMapping()
        let rewritten: String
        do {
            // It was read above, so there is one.
            rewritten = try Yams.compose(yaml: text).map { try Yams.serialize(node: $0, width: -1) } ?? ""
        } catch {
            throw DefinitionError(SourceLocation(file: file), .syntax("\(error)"))
        }
        let margin = String(repeating: " ", count: indent)
        return rewritten.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n")
    }
}
