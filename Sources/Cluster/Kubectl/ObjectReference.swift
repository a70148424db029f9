/// Which object of the API is meant.
package struct ObjectReference: Hashable, Sendable, Codable {
    /// Group and version, as `apps/v1`.
    package var apiVersion: String
    package var kind: String
    /// `nil` for what lives outside of namespaces.
    package var namespace: String?
    package var name: String

    package init(apiVersion: String, kind: String, namespace: String? = nil, name: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// The group without its version; empty for the core group.
    package var group: String {
        apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
    }

    /// The reference of an object that kubectl printed; `nil` where it is no object with a name.
    package init?(_ object: JSON) {
        guard let apiVersion = object["apiVersion"].string, let kind = object["kind"].string,
            let name = object["metadata"]["name"].string
        else { return nil }
        self.init(
            apiVersion: apiVersion, kind: kind, namespace: object["metadata"]["namespace"].string, name: name)
    }

    /// Whether both are the same object, whatever the API's version.
    package func isSame(as other: ObjectReference) -> Bool {
        group == other.group && kind == other.kind && name == other.name && namespace == other.namespace
    }
}

extension ObjectReference: CustomStringConvertible {
    /// As `Deployment data/elasticsearch`.
    package var description: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }
}

extension [ObjectReference] {
    /// A `List` that names the objects and says nothing more of them, for `kubectl get -f -` and its like.
    var manifest: [UInt8] {
        func quoted(_ text: String) -> String {
            // What the API calls a name holds nothing that needs more. By scalars: an accent behind a quote makes it
            // another character to Swift, and to no JSON.
            "\"" + String(text.unicodeScalars.filter { $0 != "\"" && $0 != "\\" && $0.value >= 0x20 }) + "\""
        }
        let items = map { reference in
            let namespace = reference.namespace.map { ",\"namespace\":\(quoted($0))" } ?? ""
            return """
                {"apiVersion":\(quoted(reference.apiVersion)),"kind":\(quoted(reference.kind)),\
                "metadata":{"name":\(quoted(reference.name))\(namespace)}}
                """
        }
        return [UInt8]("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\(items.joined(separator: ","))]}".utf8)
    }
}
