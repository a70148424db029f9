internal import Definition
internal import OCI

/// One YAML document of what helm or kustomize printed.
struct RenderedDocument {
    /// Without the marker that stood before it.
    var lines: [Substring]
    /// The template that it comes from, as helm says it.
    let template: String?
    let node: YAMLNode

    var kind: String { node["kind"]?.text ?? "" }
    var label: String { "\(kind)/\(node[path: "metadata", "name"]?.text ?? "?")" }

    /// What helm would run it at; empty for what is no hook.
    var hooks: Set<String> {
        let written = node[path: "metadata", "annotations"]?["helm.sh/hook"]?.text ?? ""
        return Set(written.split(whereSeparator: { ", ".contains($0) }).map(String.init))
    }

    var hookWeight: Int { Int(node[path: "metadata", "annotations"]?["helm.sh/hook-weight"]?.text ?? "") ?? 0 }

    var isDefinition: Bool { kind == "CustomResourceDefinition" }

    /// The documents of `text`, but for those that say nothing.
    static func all(in text: String, of file: String) throws(RenderedFault) -> [RenderedDocument] {
        var documents: [RenderedDocument] = []
        var lines: [Substring] = []
        func finish() throws(RenderedFault) {
            if let document = try RenderedDocument(lines, of: file) { documents.append(document) }
            lines = []
        }
        // A text inside a document is indented, so a line that starts like this is a marker.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "---" || line.hasPrefix("--- ") || line == "---\r" {
                try finish()
                if line.hasPrefix("--- "), !line.dropFirst(4).hasPrefix("#") { lines.append(line.dropFirst(4)) }
            } else {
                lines.append(line)
            }
        }
        try finish()
        return documents
    }

    private init?(_ lines: [Substring], of file: String) throws(RenderedFault) {
        let prefix = "# Source: "
        let template = lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        var lines = lines.filter { !$0.hasPrefix(prefix) }
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        while lines.first?.allSatisfy(\.isWhitespace) == true { lines.removeFirst() }
        guard !lines.isEmpty else { return nil }
        let place = template ?? file
        let nodes: [YAMLNode]
        do { nodes = try YAMLNode.documents(in: lines.joined(separator: "\n") + "\n", file: place) } catch {
            throw RenderedFault(reason: "what comes out is not yaml: \(error)")
        }
        guard let node = nodes.first else { return nil }
        guard node["kind"]?.text != nil, nodes.count == 1 else {
            throw RenderedFault(
                reason:
                    "what comes out is no object of Kubernetes: \(place) gives '\(lines[0].prefix(80).printableText)'")
        }
        self.lines = lines
        self.template = template
        self.node = node
    }

    /// Names `namespace` in objects that live in one and name none, as an installation by helm would put them there.
    mutating func put(into namespace: String, clusterKinds: Set<String>) throws(RenderedFault) {
        var edits: [(line: Int, isInline: Bool, column: Int)] = []
        for object in objects where !Self.isClusterWide(object["kind"]?.text ?? "", clusterKinds) {
            guard let entry = object.entries?.first(where: { $0.key == "metadata" }),
                let first = entry.value.entries?.first, entry.value["namespace"]?.text == nil
            else { continue }
            guard entry.value["namespace"] == nil else {
                throw RenderedFault(reason: "\(label) has an empty namespace; helm would take '\(namespace)'")
            }
            let line = lines[first.keyLine - 1]
            edits.append((first.keyLine - 1, first.keyLine == entry.keyLine, line.prefix { $0 == " " }.count))
        }
        for edit in edits.reversed() {
            guard edit.isInline else {
                lines.insert("\(String(repeating: " ", count: edit.column))namespace: \"\(namespace)\"", at: edit.line)
                continue
            }
            let line = lines[edit.line]
            guard let key = line.ranges(of: "metadata").first(where: { line[$0.upperBound...].startsMapping }),
                let brace = line[key.upperBound...].firstIndex(of: "{")
            else { throw RenderedFault(reason: "\(label) has metadata in a form that takes no namespace") }
            let after = line.index(after: brace)
            lines[edit.line] = "\(line[..<after])\"namespace\": \"\(namespace)\", \(line[after...])"
        }
    }

    /// The object, or the items of a List.
    private var objects: [YAMLNode] {
        kind.hasSuffix("List") ? node["items"]?.elements ?? [node] : [node]
    }

    private static func isClusterWide(_ kind: String, _ more: Set<String>) -> Bool {
        // By its name, what somebody else's definition makes: ClusterIssuer, ClusterPolicy.
        clusterKinds.contains(kind) || more.contains(kind) || kind.hasPrefix("Cluster")
    }

    /// The kinds of Kubernetes itself, up to 1.37, that live in no namespace.
    private static let clusterKinds: Set<String> = [
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ComponentStatus",
        "CustomResourceDefinition", "DeviceClass", "FlowSchema", "GatewayClass", "IPAddress", "IngressClass",
        "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace",
        "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "PriorityLevelConfiguration",
        "ResourceSlice", "RuntimeClass", "ServiceCIDR", "StorageClass", "StorageVersion",
        "StorageVersionMigration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
    ]
}

/// What is wrong with a rendered text.
struct RenderedFault: Error {
    let reason: String
}

extension Substring {
    /// Whether a flow mapping is the value of the key that ends before this.
    fileprivate var startsMapping: Bool {
        let rest = drop { $0 == "\"" || $0 == "'" }
        return rest.hasPrefix(":") && rest.dropFirst().drop { $0 == " " }.hasPrefix("{")
    }

    fileprivate var printableText: String { String(self).printable(limit: 80) }
}
