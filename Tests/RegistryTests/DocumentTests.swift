import FoundationEssentials
import OCI
import Registry
import TestSupport
import Testing
import Threads

/// Manifests, configs, texts and plain files from a server that can't be trusted.
@Suite struct DocumentTests {
    private let image: TestImage

    init() throws {
        image = try TestImage()
    }

    private var manifest: [UInt8] { image.bytes(of: image.root) }

    private func resolve(
        _ headers: [String: String], _ body: [UInt8], rest: String = "app/one:1.0"
    ) async throws -> ManifestDocument {
        let server = FaultyServer { $1.answer(200, headers, body: body) }
        return try await testClient().resolve(try reference("127.0.0.1:\(server.port)", rest))
    }

    @Test(arguments: [
        "", "text/plain", "application/json", "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
    ])
    func takesTheDocumentsOwnWordWhereTheHeaderSaysNothing(_ type: String) async throws {
        let document = try await resolve(type.isEmpty ? [:] : ["Content-Type": type], manifest)
        #expect(document.descriptor == image.root)
    }

    @Test(arguments: [
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", #"{"schemaVersion":1}"#),
        ("application/json", #"{"schemaVersion":1,"fsLayers":[]}"#),
        ("text/html", #"{"schemaVersion":2}"#),
        ("application/vnd.example+json", #"{"schemaVersion":2}"#),
    ])
    func refusesWhatItCannotPack(_ type: String, _ body: String) async {
        let error = await registryError { _ = try await resolve(["Content-Type": type], Array(body.utf8)) }
        guard case .unsupportedMediaType = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["", "{", "<html>", #"{"schemaVersion":2,"manifests":[],"config":{}}"#])
    func refusesWhatIsNoManifest(_ body: String) async {
        let type = MediaType.ociManifest.rawValue
        let error = await registryError { _ = try await resolve(["Content-Type": type], Array(body.utf8)) }
        #expect(error?.category == .corrupted)
    }

    @Test func refusesATypeThatContradictsTheDocument() async {
        let type = MediaType.dockerManifest.rawValue
        let error = await registryError { _ = try await resolve(["Content-Type": type], manifest) }
        #expect(error?.category == .corrupted)
    }

    @Test(arguments: ["sha256:\(String(repeating: "0", count: 64))", "sha256:../../x", "md5:1"])
    func refusesAStatedDigestThatIsNotTheBodys(_ digest: String) async {
        let error = await registryError { _ = try await resolve(["Docker-Content-Digest": digest], manifest) }
        #expect(error?.category == .corrupted)
    }

    @Test func refusesAnotherManifestThanTheDigestAsksFor() async {
        let other = "app/one@sha256:\(String(repeating: "a", count: 64))"
        let error = await registryError { _ = try await resolve([:], manifest, rest: other) }
        guard case .digestMismatch = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [true, false])
    func refusesAHugeManifest(_ announcesIt: Bool) async throws {
        let server = FaultyServer { _, connection in
            connection.head(200, announcesIt ? ["Content-Length": "5000000"] : [:])
            while connection.send([UInt8](repeating: 32, count: 4096)) {}
        }
        let name = try reference("127.0.0.1:\(server.port)")
        let error = await registryError { _ = try await testClient().resolve(name) }
        #expect(error?.category == .tooLarge)
        #expect(server.requests.count == 1)
    }

    @Test func asksForEveryKindOfManifestByTag() async throws {
        let body = manifest
        let server = FaultyServer { $1.answer(200, body: body) }
        _ = try await testClient().resolve(try reference("127.0.0.1:\(server.port)"))
        let request = try #require(server.requests.first)
        #expect(request.path == "/v2/app/one/manifests/1.0")
        for type in MediaType.acceptedManifests {
            #expect(request.headers["accept"]?.contains(type.rawValue) == true)
        }
        #expect(request.headers["authorization"] == nil)
    }

    @Test func aBlobIsRefusedAboveEightMebibytesUnasked() async throws {
        let server = FaultyServer { $1.answer(200) }
        let large = Descriptor(mediaType: .ociConfig, digest: .of(Data()), size: 9 << 20)
        let name = try reference("127.0.0.1:\(server.port)")
        let error = await registryError { _ = try await testClient().blob(large, of: name) }
        #expect(error?.category == .tooLarge)
        #expect(server.requests.isEmpty)
    }

    @Test func theTokenStaysWithTheRegistryWhenABlobIsElsewhere() async throws {
        let content = DownloadTests.content
        let store = FaultyServer { $1.serve(content, to: $0) }
        let server = FaultyServer { request, connection in
            guard request.headers["authorization"] != nil else {
                return connection.answer(401, ["WWW-Authenticate": "Basic realm=\"x\""])
            }
            connection.answer(307, ["Location": store.origin + "/blob?signature=SECRET"])
        }
        let host = "127.0.0.1:\(server.port)"
        let client = testClient(credentials: .fixed([host: .basic(user: "alice", password: "pw")]))
        let folder = TemporaryDirectory()
        try await client.download(DownloadTests.blob, of: try reference(host), to: folder.file("b")) { _ in }
        #expect(try contents(of: folder.file("b")) == content)
        #expect(server.requests.map { $0.headers["authorization"] } == [nil, "Basic YWxpY2U6cHc="])
        #expect(store.requests.map { $0.headers["authorization"] } == [nil])
    }

    @Test func aBlobStoreThatAsksForCredentialsGetsNone() async throws {
        let store = FaultyServer { $1.answer(401, ["WWW-Authenticate": "Basic realm=\"x\""]) }
        let server = FaultyServer { $1.answer(307, ["Location": store.origin + "/b"]) }
        let host = "127.0.0.1:\(server.port)"
        let secret = Credentials.basic(user: "alice", password: "pw")
        let client = testClient(credentials: .fixed([host: secret, "127.0.0.1:\(store.port)": secret]))
        let name = try reference(host)
        let error = await registryError { _ = try await client.blob(image.manifests[0].value.config, of: name) }
        #expect(error?.category == .unauthorized)
        #expect(store.requests.map { $0.headers["authorization"] } == [nil])
    }

    @Test func readsAText() async throws {
        let server = FaultyServer { $1.answer(200, body: Array("abc  file\n".utf8)) }
        #expect(try await testClient().text(url: server.origin + "/sums", maximumSize: 100) == "abc  file\n")
        let tooLarge = await registryError {
            _ = try await testClient().text(url: server.origin + "/sums?token=SECRET", maximumSize: 3)
        }
        #expect(tooLarge?.category == .tooLarge)
        #expect(tooLarge.map { !"\($0)".contains("SECRET") } == true)
    }

    @Test func refusesATextThatIsNone() async {
        let server = FaultyServer { $1.answer(200, body: [0xFF, 0xFE]) }
        let error = await registryError {
            _ = try await testClient().text(url: server.origin, maximumSize: 100)
        }
        guard case .malformedAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aFileOfUnknownDigestIsOnlyContinuedWhileItsTagIsTheSame() async throws {
        let versions = [seededBytes(50_000, seed: 1), seededBytes(60_000, seed: 2)]
        let count = Lock(0)
        let server = FaultyServer { request, connection in
            let number = count.withLock { count in
                defer { count += 1 }
                return count
            }
            if number == 0 {
                connection.head(200, ["Content-Length": "50000", "ETag": "\"one\""])
                connection.send(Array(versions[0].prefix(20_000)))
            } else {
                // The file changed: `If-Range` doesn't hold, so the whole comes.
                connection.answer(200, ["ETag": "\"two\""], body: versions[1])
            }
        }
        let folder = TemporaryDirectory()
        let progress = Progress()
        let result = try await testClient().download(
            url: server.origin + "/file", expecting: nil, to: folder.file("f")
        ) { progress.add($0) }
        #expect(server.requests.last?.headers["if-range"] == "\"one\"")
        #expect(result.size == 60_000)
        #expect(result.digest == .of(Data(versions[1])))
        #expect(try contents(of: folder.file("f")) == versions[1])
        #expect(progress.sum == 60_000)
    }

    @Test func aFileOfKnownDigestButUnknownSizeIsContinuedAcrossRuns() async throws {
        let content = DownloadTests.content
        let server = FaultyServer { $1.serve(content, to: $0) }
        for kept in [100_000, content.count] {
            let folder = TemporaryDirectory()
            try write(content.prefix(kept), to: folder.file("f"))
            let result = try await testClient().download(
                url: server.origin + "/f", expecting: (DownloadTests.blob.digest, nil), to: folder.file("f")
            ) { _ in }
            #expect(result.size == DownloadTests.blob.size)
        }
        #expect(server.requests.map(\.rangeStart) == [100_000, content.count])
    }
}
