internal import HTTP
internal import OCI

/// The server that answers for a registry: the registry itself or its mirror.
struct RegistryEndpoint: Hashable, Sendable {
    /// `https://host[:port]`, no slash at the end.
    let origin: String
    /// What stands before every repository, with a slash at its end; empty where nothing does.
    let repositoryPrefix: String
    /// The host as credentials are stored for it: the mirror's own, never the original's.
    let credentialHost: String
    /// Plain HTTP was asked for, by `--plain-http` or by a mirror on loopback.
    let permitsPlainHTTP: Bool

    init(for registry: String, in configuration: RegistryConfiguration) throws(RegistryError) {
        if let mirror = configuration.mirrors.last(where: { $0.registry == registry }) {
            origin = "\(mirror.base.scheme.rawValue)://\(mirror.base.authority)"
            var path = mirror.base.path.split(separator: "/")
            // The spelling of containerd's `override_path`, which names the API's own root too.
            if path.first == "v2" { path.removeFirst() }
            repositoryPrefix = path.map { "\($0)/" }.joined()
            credentialHost = mirror.base.authority
            permitsPlainHTTP = mirror.base.isLoopback || configuration.permitsPlainHTTP(mirror.base.authority)
            return
        }
        // Docker Hub's API lives under another name than its images (distribution `registry/endpoints`).
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        permitsPlainHTTP = configuration.permitsPlainHTTP(host)
        origin = "\(permitsPlainHTTP ? "http" : "https")://\(host)"
        repositoryPrefix = ""
        credentialHost = registry
    }

    /// The repository as this server calls it.
    func repository(of reference: ImageReference) -> String { repositoryPrefix + reference.repository }

    /// The URL of a manifest or blob: distribution-spec 1.1, "Endpoints".
    func url(_ kind: String, _ name: String, of reference: ImageReference) throws(RegistryError) -> HTTPURL {
        do {
            return try HTTPURL(parsing: "\(origin)/v2/\(repository(of: reference))/\(kind)/\(name)")
        } catch {
            throw .configuration(reason: "\(error)")
        }
    }
}

extension RegistryConfiguration {
    func permitsPlainHTTP(_ authority: String) -> Bool {
        // The port is what follows the last colon, but an IPv6 address without port ends in a bracket.
        let colon = authority.hasSuffix("]") ? nil : authority.lastIndex(of: ":")
        return plainHTTPHosts.contains(authority)
            || plainHTTPHosts.contains(String(authority[..<(colon ?? authority.endIndex)]))
    }
}
