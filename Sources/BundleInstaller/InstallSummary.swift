internal import BundleFormat
internal import Cluster
internal import SystemPackage

/// What the operator wants to know at the end of an installation.
package struct InstallSummary: Hashable, Sendable, Codable {
    package var bundle: String
    package var version: String
    package var images: Int
    package var stages: [String]
    /// The API that this host has joined as a worker; `nil` where it has the platform itself.
    package var joined: String?
    /// Where the platform's pages are.
    package var addresses: [String]
    /// The file with the values that were generated, readable by root, and their names.
    package var secretsFile: String
    package var secrets: [String]

    /// The installation is done: where the cluster can't be asked for pages, that is a warning.
    init(of context: InstallContext, parameters: Parameters) async {
        let description = context.bundle.description
        bundle = description.name
        version = description.version
        images = description.images.count
        joined = context.record.current.joined
        stages = joined == nil ? description.stages.map(\.name) : []
        secretsFile = context.paths.parameters.string
        secrets = parameters.generated.sorted()
        let ingresses = context.record.current.objects.flatMap(\.objects).filter { $0.kind == "Ingress" }
        let node = context.record.current.nodeAddress ?? "NODE"
        do {
            addresses = try await context.kubectl.get(ingresses).flatMap { Self.addresses(of: $0, node: node) }
        } catch {
            addresses = []
            context.report(.warning("the addresses of the platform's pages are unknown: \(error)"))
        }
    }

    /// What an Ingress says of its page, where its paths don't tell: a URL, `:PORT/PATH` or `/PATH` of its own host;
    /// empty where it has none for people.
    static let pageAnnotation = "sealift/page"

    /// The pages of an Ingress (networking.k8s.io/v1); without a host they are at the node's own address.
    static func addresses(of ingress: JSON, node: String) -> [String] {
        let secured = Set(ingress["spec"]["tls"].elements.flatMap { $0["hosts"].elements.compactMap(\.string) })
        let securesAll = ingress["spec"]["tls"].elements.contains { $0["hosts"].elements.isEmpty }
        let page = ingress["metadata"]["annotations"][pageAnnotation].string
        if let page, page.isEmpty || page.contains("://") { return page.isEmpty ? [] : [page] }
        return ingress["spec"]["rules"].elements.flatMap { rule in
            let host = rule["host"].string.flatMap { $0.isEmpty ? nil : $0 }
            let scheme = securesAll || secured.contains(host ?? "") ? "https" : "http"
            let place = host ?? (node.contains(":") ? "[\(node)]" : node)
            let paths = page.map { [$0] } ?? rule["http"]["paths"].elements.map { $0["path"].string ?? "/" }
            return paths.map { "\(scheme)://\(place)\($0)" }
        }
    }
}
