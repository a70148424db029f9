import FoundationEssentials
import OCI
import Registry
import TestSupport
import Testing
import Threads

/// Putting blobs into registries that are broken, slow or wicked; into a sound one they are put by the tests of bundles.
@Suite struct UploadTests {
    private struct Bytes: BlobContent {
        let bytes: [UInt8]

        func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int {
            let piece = bytes[Int(offset)...].prefix(target.count)
            target.copyBytes(from: piece)
            return piece.count
        }
    }

    private struct Unreadable: BlobContent {
        struct Failure: Error {}

        func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int { throw Failure() }
    }

    private let bytes = seededBytes(300_000, seed: 5)

    private var descriptor: Descriptor {
        Descriptor(mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(bytes.count))
    }

    private func upload(
        to server: FaultyServer, _ credentials: CredentialStore = .none, _ content: (any BlobContent)? = nil,
        progress: Progress = Progress()
    ) async throws -> RegistryClient.Arrival {
        try await testClient(credentials: credentials).upload(
            descriptor, to: reference("127.0.0.1:\(server.port)"), from: content ?? Bytes(bytes: bytes)
        ) { progress.add($0) }
    }

    @Test func sendsAllBytesAfterACut() async throws {
        let cuts = Lock(2)
        let server = FaultyServer { request, connection in
            switch request.method {
            case "POST": connection.answer(202, ["Location": "/v2/app/one/blobs/uploads/7?state=a%2Fb"])
            default:
                guard
                    cuts.withLock({
                        $0 -= 1; return $0 < 0
                    })
                else { return connection.reset() }
                connection.answer(201)
            }
        }
        let progress = Progress()
        #expect(try await upload(to: server, progress: progress) == .uploaded)
        #expect(progress.sum == descriptor.size)
        let put = try #require(server.requests.last)
        #expect(put.method == "PUT")
        #expect(put.path == "/v2/app/one/blobs/uploads/7?state=a%2Fb&digest=\(descriptor.digest)")
        #expect(put.body == bytes)
        #expect(server.requests.count == 6)
    }

    @Test func anotherHostGetsTheBytesButNoPassword() async throws {
        let store = FaultyServer { $1.answer(201) }
        let registry = FaultyServer { request, connection in
            guard request.headers["authorization"] != nil else {
                return connection.answer(401, ["WWW-Authenticate": "Basic realm=\"x\""])
            }
            connection.answer(202, ["Location": "\(store.origin)/here"])
        }
        let credentials = CredentialStore.fixed(["127.0.0.1:\(registry.port)": .basic(user: "u", password: "p")])
        #expect(try await upload(to: registry, credentials) == .uploaded)
        #expect(registry.requests.last?.headers["authorization"] != nil)
        #expect(store.requests.map(\.body) == [bytes])
        #expect(store.requests[0].headers["authorization"] == nil)
    }

    @Test func aRedirectOfAnUploadIsRefused() async throws {
        let server = FaultyServer { request, connection in
            switch request.method {
            case "POST": connection.answer(202, ["Location": "/here"])
            default: connection.answer(307, ["Location": "/there"])
            }
        }
        let error = await registryError { _ = try await upload(to: server) }
        guard case .redirectRefused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!server.requests.contains { $0.path == "/there" })
    }

    @Test(arguments: [
        (200, [:]), (202, [:]), (202, ["Location": "ftp://x/"]), (404, [:]), (413, [:]),
        (202, ["Location": "http://other.invalid/x"]),
    ])
    func anAnswerThatLeadsNowhereIsAnError(_ status: Int, _ headers: [String: String]) async throws {
        let server = FaultyServer { $1.answer(status, headers) }
        let error = await registryError { _ = try await upload(to: server) }
        #expect(error?.description.contains("push") == true, "\(String(describing: error))")
        #expect(server.requests.allSatisfy { $0.method == "POST" })
    }

    @Test func whatCantBeReadIsNotSent() async throws {
        let server = FaultyServer { request, connection in
            connection.answer(request.method == "POST" ? 202 : 201, ["Location": "/here"])
        }
        await #expect(throws: Unreadable.Failure.self) { _ = try await upload(to: server, .none, Unreadable()) }
    }

    @Test func aManifestThatIsTakenForAnotherIsAnError() async throws {
        let server = FaultyServer {
            $1.answer(201, ["Docker-Content-Digest": "sha256:\(String(repeating: "0", count: 64))"])
        }
        let image = try TestImage()
        let bytes = try #require(image.blobs[image.root.digest])
        let error = await registryError {
            try await testClient().put(bytes, image.root, as: "1.0", in: reference("127.0.0.1:\(server.port)"))
        }
        guard case .malformedAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.map(\.body) == [Array(bytes)])
        #expect(server.requests[0].headers["content-type"] == image.root.mediaType.rawValue)
    }
}
