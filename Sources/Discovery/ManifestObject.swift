internal import Definition

/// One object of a manifest: a document, or an item of a List.
struct ManifestObject {
    let node: YAMLNode
    /// Relative to the bundle's folder.
    let file: String
    let kind: String
    let name: String

    /// `Kind/name`, as messages and origins call it.
    var label: String { name.isEmpty ? kind : "\(kind)/\(name)" }

    /// Empty where the manifest leaves it to the one who applies it.
    var namespace: String { node[path: "metadata", "namespace"]?.text ?? "" }

    /// The objects of all documents in `text`, Lists of any kind and depth taken apart.
    static func objects(in text: String, file: String, shownAs shown: String) throws(DefinitionError)
        -> [ManifestObject]
    {
        var objects: [ManifestObject] = []
        for (index, document) in try YAMLNode.documents(in: text, file: shown).enumerated() {
            append(document, kind: "document \(index + 1)", file: file, to: &objects)
        }
        return objects
    }

    private static func append(
        _ node: YAMLNode, kind: String, file: String, to objects: inout [ManifestObject]
    ) {
        let kind = node["kind"]?.text ?? kind
        if kind.hasSuffix("List"), let items = node["items"]?.elements {
            // Items of a typed list, such as DeploymentList, may leave their kind out.
            let itemKind = kind == "List" ? "item" : String(kind.dropLast(4))
            for item in items { append(item, kind: itemKind, file: file, to: &objects) }
            return
        }
        let name = node[path: "metadata", "name"]?.text
        let prefix = node[path: "metadata", "generateName"]?.text.map { "\($0)*" }
        objects.append(ManifestObject(node: node, file: file, kind: kind, name: name ?? prefix ?? ""))
    }
}
