import HTTP
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

/// The client against Debian's docker-registry, in every way in which it can be asked to guard itself.
@Suite(.enabled(if: DockerRegistry.isInstalled, "docker-registry, htpasswd or openssl is not installed"))
struct DockerRegistryTests {
    private static let basic = Credentials.basic(user: DockerRegistry.user, password: DockerRegistry.password)

    /// Fetches an image with everything in it.
    private func pull(_ reference: ImageReference, _ image: TestImage, by client: RegistryClient) async throws {
        let root = try await client.resolve(reference)
        #expect(root.descriptor == image.root)
        #expect(root.bytes == image.blobs[image.root.digest])
        var manifests: [Document<Manifest>] = []
        switch root {
        case .manifest(let document): manifests = [document]
        case .index(let document):
            for child in document.value.manifests {
                guard case .manifest(let manifest) = try await client.manifest(child, of: reference) else {
                    Issue.record("a child is no manifest")
                    return
                }
                manifests.append(manifest)
            }
        }
        let folder = TemporaryDirectory()
        for manifest in manifests {
            let config = try await client.blob(manifest.value.config, of: reference)
            #expect(Array(config) == image.bytes(of: manifest.value.config))
            for layer in manifest.value.layers {
                let progress = Progress()
                let path = folder.file(layer.digest.hex)
                try await client.download(layer, of: reference, to: path) { progress.add($0) }
                #expect(try contents(of: path) == image.bytes(of: layer))
                #expect(progress.sum == layer.size)
                #expect(try await readAll(client.stream(layer, of: reference)).get() == image.bytes(of: layer))
            }
        }
    }

    @Test(arguments: TestImage.Format.allCases, [[Platform.linuxAMD64], [.linuxAMD64, .linuxARM64]])
    func pullsFromAPlainRegistry(_ format: TestImage.Format, _ platforms: [Platform]) async throws {
        let image = try TestImage(format: format, platforms: platforms)
        try await DockerRegistry.with(.plain) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            try await pull(try reference(registry.host), image, by: testClient())
            let pinned = try reference(registry.host, "app/one:other@\(image.root.digest)")
            #expect(try await testClient().resolve(pinned).descriptor == image.root)
        }
    }

    @Test func pullsOverTLSWithHTTP2AndItsOwnAuthority() async throws {
        let image = try TestImage()
        try await DockerRegistry.with(.tls) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            let name = try reference(registry.host)
            let trusting = testConfiguration(plainHTTP: []) {
                $0.certificateAuthorities = [registry.host: registry.authority]
            }
            try await pull(name, image, by: RegistryClient(trusting))

            let error = await registryError {
                _ = try await RegistryClient(testConfiguration(plainHTTP: [])).resolve(name)
            }
            guard case .insecure = error else {
                Issue.record("trusted an unknown authority: \(String(describing: error))")
                return
            }
            #expect(error?.hint?.contains("--ca \(registry.host)=FILE") == true)

            var http = HTTPConfiguration(userAgent: "sealift/test")
            http.certificateAuthorities = ["localhost": registry.authority]
            let request = HTTPRequest(url: try HTTPURL(parsing: "https://\(registry.host)/v2/"), maximumBodySize: 100)
            #expect(try await CurlTransport(http).send(request, sink: CollectingSink()).version == "HTTP/2")
        }
    }

    @Test func plainHTTPIsNotTriedUnasked() async throws {
        try await DockerRegistry.with(.plain) { registry in
            let error = await registryError {
                _ = try await RegistryClient(testConfiguration(plainHTTP: [])).resolve(try reference(registry.host))
            }
            #expect(error?.category == .unreachable)
            #expect(error?.hint?.contains("--plain-http \(registry.host)") == true)
        }
    }

    @Test func basicAuthentication() async throws {
        let image = try TestImage()
        try await DockerRegistry.with(.password) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            let name = try reference(registry.host)
            try await pull(name, image, by: testClient(credentials: .fixed([registry.host: Self.basic])))

            let anonymous = await registryError { _ = try await testClient().resolve(name) }
            guard case .unauthorized(_, _, _, withCredentials: false) = anonymous else {
                Issue.record("\(String(describing: anonymous))")
                return
            }
            #expect(anonymous?.hint?.contains("docker login \(registry.host)") == true)

            let wrong = Credentials.basic(user: "alice", password: "TOPSECRET")
            let refused = await registryError {
                _ = try await testClient(credentials: .fixed([registry.host: wrong])).resolve(name)
            }
            guard case .unauthorized(_, _, _, withCredentials: true) = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(refused.map { !"\($0)\($0.hint ?? "")".contains("TOPSECRET") } == true)
        }
    }

    @Test func anonymousTokens() async throws {
        let image = try TestImage()
        try await DockerRegistry.with(.token) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            try await pull(try reference(registry.host), image, by: testClient())
        }
    }

    @Test(arguments: [basic, .identityToken(DockerRegistry.identityToken)])
    func tokensForAnAccount(_ credentials: Credentials) async throws {
        let image = try TestImage()
        try await DockerRegistry.with(.privateToken) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            let name = try reference(registry.host)
            try await pull(name, image, by: testClient(credentials: .fixed([registry.host: credentials])))
            let anonymous = await registryError { _ = try await testClient().resolve(name) }
            #expect(anonymous?.category == .unauthorized)
            let wrong = CredentialStore.fixed([registry.host: .identityToken("TOPSECRET")])
            let refused = await registryError { _ = try await testClient(credentials: wrong).resolve(name) }
            #expect(refused?.category == .unauthorized)
            #expect(refused.map { !"\($0)".contains("TOPSECRET") } == true)
        }
    }

    @Test func aMirrorIsTheOnlyPlaceAskedAndSeesNoForeignCredentials() async throws {
        let image = try TestImage()
        try await DockerRegistry.with(.password) { registry in
            try registry.add(image, as: "library/busybox", tag: "1.35")
            let name = try ImageReference(parsing: "busybox:1.35")
            func client(_ credentials: [String: Credentials]) throws -> RegistryClient {
                let mirror = try RegistryMirror(parsing: "docker.io=http://\(registry.host)")
                return RegistryClient(
                    testConfiguration(credentials: .fixed(credentials), plainHTTP: []) { $0.mirrors = [mirror] })
            }
            try await pull(name, image, by: client([registry.host: Self.basic]))
            let error = await registryError { _ = try await client(["docker.io": Self.basic]).resolve(name) }
            guard case .unauthorized(_, let host, _, withCredentials: false) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(host == registry.host)
        }
    }

    @Test func saysWhatIsMissing() async throws {
        try await DockerRegistry.with(.plain) { registry in
            let name = try reference(registry.host, "app/none:9")
            let error = await registryError { _ = try await testClient().resolve(name) }
            #expect(error?.category == .notFound)
            #expect(error.map { "\($0)" }?.contains("MANIFEST_UNKNOWN") == true)
            #expect(error.map { "\($0)" }?.contains("\(name)") == true)
        }
    }

    @Test func goesOnInsideABlobOverRangeRequests() async throws {
        let image = try TestImage(layers: [100, 400_000])
        try await DockerRegistry.with(.plain) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            let folder = TemporaryDirectory()
            let layer = image.largestLayer
            let path = folder.file("layer")
            try write(image.bytes(of: layer).prefix(123_457), to: path)
            let progress = Progress()
            try await testClient().download(layer, of: try reference(registry.host), to: path) { progress.add($0) }
            #expect(try contents(of: path) == image.bytes(of: layer))
            #expect(progress.sum == layer.size)
        }
    }

    @Test func refusesABlobWhoseBytesDoNotMatch() async throws {
        let image = try TestImage()
        try await DockerRegistry.with(.plain) { registry in
            try registry.add(image, as: "app/one", tag: "1.0")
            let layer = image.largestLayer
            var bytes = image.bytes(of: layer)
            bytes[bytes.count / 2] ^= 1
            try registry.damage(layer.digest, with: bytes)
            let folder = TemporaryDirectory()
            let name = try reference(registry.host)
            let error = await registryError {
                try await testClient().download(layer, of: name, to: folder.file("layer")) { _ in }
            }
            #expect(error?.category == .corrupted)
            #expect(!exists(folder.file("layer")))
            let streamed = await readAll(testClient().stream(layer, of: name))
            #expect(throws: RegistryError.self) { try streamed.get() }
        }
    }
}
