internal import FoundationEssentials
package import OCI
package import SystemPackage

/// Debian's docker-registry on a port of its own on loopback, for the time of a closure.
package struct DockerRegistry: Sendable {
    /// Who may come in, and how.
    package enum Access: Sendable {
        case plain
        /// TLS with a certificate for `localhost` from a certificate authority of its own.
        case tls
        /// Basic authentication, plain HTTP.
        case password
        /// A token server; pulling needs no account.
        case token
        /// A token server; pulling needs an account.
        case privateToken
    }

    /// The one account where accounts matter.
    package static let user = "alice"
    package static let password = "s3cret-Passw0rd"
    /// What the token server takes as a refresh token.
    package static let identityToken = "refresh-s3cret-Passw0rd"

    /// Whether docker-registry and what the fixtures need beside it are installed.
    package static let isInstalled =
        ["docker-registry", "htpasswd", "openssl", "python3"].allSatisfy { exists(FilePath("/usr/bin").appending($0)) }

    /// `127.0.0.1:PORT`, or `localhost:PORT` with TLS.
    package let host: String
    /// The certificate authority's certificate, with TLS.
    package let authority: FilePath
    private let storage: FilePath

    /// Starts a registry, runs `body`, and stops the registry for certain.
    package static func with<Value: Sendable>(
        _ access: Access, body: (DockerRegistry) async throws -> Value
    ) async throws -> Value {
        let folder = TemporaryDirectory()
        let port = Loopback.freePort()
        let registry = DockerRegistry(
            host: "\(access == .tls ? "localhost" : "127.0.0.1"):\(port)", authority: folder.file("ca.crt"),
            storage: folder.file("data"))
        var commands = [["/usr/bin/docker-registry", "serve", folder.file("config.yml").string]]
        var ports = [port]
        var settings = """
            version: 0.1
            log: {level: info, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(registry.storage)}}
            http:
              addr: 127.0.0.1:\(port)

            """
        switch access {
        case .plain: break
        case .tls:
            try await makeCertificates(in: folder.path)
            settings += "  tls: {certificate: \(folder.file("server.crt")), key: \(folder.file("server.key"))}\n"
        case .password:
            let line = try await Service.call("htpasswd", ["-Bbn", user, password])
            try write(line.utf8, to: folder.file("htpasswd"))
            settings += "auth: {htpasswd: {realm: test, path: \(folder.file("htpasswd"))}}\n"
        case .token, .privateToken:
            try await makeCertificates(in: folder.path)
            let tokenPort = Loopback.freePort()
            ports.append(tokenPort)
            commands.append([
                "/usr/bin/python3", script("token-server.py").string, "\(tokenPort)", registry.authority.string,
                folder.file("ca.key").string, user, password, access == .token ? "yes" : "no",
            ])
            settings += """
                auth:
                  token: {realm: "http://127.0.0.1:\(tokenPort)/token", service: test, issuer: test, \
                rootcertbundle: \(registry.authority)}

                """
        }
        try write(settings.utf8, to: folder.file("config.yml"))
        return try await Service.run(commands, ports: ports, log: folder.file("log").string) {
            try await body(registry)
        }
    }

    /// Puts `image` into the registry, whatever its access rules: into its storage, as distribution's filesystem
    /// driver lays it out.
    package func add(_ image: TestImage, as repository: String, tag: String) throws {
        let root = storage.appending("docker/registry/v2")
        let manifests = Set(image.manifests.map(\.descriptor.digest) + [image.root.digest])
        let own = root.appending("repositories").appending(repository)
        for (digest, bytes) in image.blobs {
            let name = "\(digest.algorithm)/\(digest.hex)"
            try write(bytes, to: blobPath(digest))
            let links = own.appending(manifests.contains(digest) ? "_manifests/revisions" : "_layers")
            try write("\(digest)".utf8, to: links.appending(name).appending("link"))
        }
        let tagged = own.appending("_manifests/tags").appending(tag)
        try write("\(image.root.digest)".utf8, to: tagged.appending("current/link"))
        try write(
            "\(image.root.digest)".utf8,
            to: tagged.appending("index").appending("\(image.root.digest.algorithm)")
                .appending(image.root.digest.hex).appending("link"))
    }

    /// Replaces the bytes of a blob behind the registry's back; it serves them under the old digest.
    package func damage(_ digest: Digest, with bytes: [UInt8]) throws {
        try write(bytes, to: blobPath(digest))
    }

    private func blobPath(_ digest: Digest) -> FilePath {
        storage.appending("docker/registry/v2/blobs/\(digest.algorithm)/\(digest.hex.prefix(2))/\(digest.hex)/data")
    }

    private static func script(_ name: String) -> FilePath {
        FilePath("\(#filePath)").removingLastComponent().appending("Scripts").appending(name)
    }

    private static func makeCertificates(in folder: FilePath) async throws {
        func path(_ name: String) -> String { folder.appending(name).string }
        _ = try await Service.call(
            "openssl",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA"]
                + ["-keyout", path("ca.key"), "-out", path("ca.crt")]
                + ["-addext", "basicConstraints=critical,CA:TRUE"])
        _ = try await Service.call(
            "openssl",
            ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
                + ["-keyout", path("server.key"), "-out", path("server.csr")])
        try write(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n".utf8, to: folder.appending("ext")
        )
        _ = try await Service.call(
            "openssl",
            ["x509", "-req", "-in", path("server.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key")]
                + ["-CAcreateserial", "-days", "2", "-out", path("server.crt"), "-extfile", path("ext")])
    }
}
