import FoundationEssentials
import OCI
import Registry
import TestSupport
import Testing
import Threads

@Suite struct BlobStreamTests {
    static let content = seededBytes(5_000_000, seed: 9)
    static let blob = Descriptor(mediaType: .ociLayer, digest: .of(.init(content)), size: 5_000_000)

    private func client(change: (inout RegistryConfiguration) -> Void = { _ in }) -> RegistryClient {
        RegistryClient(
            testConfiguration {
                $0.streamBufferSize = 1
                change(&$0)
            })
    }

    @Test func holdsTheServerBackForASlowReader() async throws {
        let server = FaultyServer { $1.serve(Self.content, to: $0) }
        let stream = client().stream(Self.blob, of: try reference("127.0.0.1:\(server.port)"))
        #expect(try await readAll(stream, step: 999).get() == Self.content)
    }

    @Test func goesOnWhereTheStreamWasCut() async throws {
        let server = FaultyServer { request, connection in
            let start = request.rangeStart ?? 0
            let headers = [
                "Content-Length": "\(Self.content.count - start)",
                "Content-Range": "bytes \(start)-\(Self.content.count - 1)/\(Self.content.count)",
            ]
            connection.head(start > 0 ? 206 : 200, headers)
            connection.send(Array(Self.content[start..<min(start + 1_500_000, Self.content.count)]))
        }
        let stream = client().stream(Self.blob, of: try reference("127.0.0.1:\(server.port)"))
        #expect(try await readAll(stream).get() == Self.content)
        #expect(server.requests.map(\.rangeStart) == [nil, 1_500_000, 3_000_000, 4_500_000])
    }

    @Test func givesNoByteTwiceWhenTheServerIgnoresRanges() async throws {
        let isFirst = Lock(true)
        let server = FaultyServer { _, connection in
            let isCut = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            connection.head(200, ["Content-Length": "\(Self.content.count)"])
            connection.send(isCut ? Array(Self.content.prefix(2_000_001)) : Self.content)
        }
        let stream = client().stream(Self.blob, of: try reference("127.0.0.1:\(server.port)"))
        #expect(try await readAll(stream).get() == Self.content)
    }

    @Test func neverEndsWellOnWrongBytes() async throws {
        let server = FaultyServer { $1.answer(200, body: seededBytes(5_000_000, seed: 10)) }
        let stream = client().stream(Self.blob, of: try reference("127.0.0.1:\(server.port)"))
        let result = await readAll(stream)
        guard case .failure(.digestMismatch) = result else {
            Issue.record("wrong bytes went through")
            return
        }
    }

    @Test func cancellingWakesTheReader() async throws {
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "5000000"])
            connection.waitForClose()
        }
        let stream = client().stream(Self.blob, of: try reference("127.0.0.1:\(server.port)"))
        async let result = readAll(stream)
        stream.cancel()
        guard case .failure(.cancelled) = await result else {
            Issue.record("not cancelled")
            return
        }
    }

    @Test func streamsReadInOrderNeverWaitForEachOther() async throws {
        let cuts = Lock<Set<String>>([])
        let server = FaultyServer { request, connection in
            let isFirst = cuts.withLock { $0.insert(request.path).inserted }
            // Every stream is cut once: its second transfer must not queue behind streams that wait for their reader.
            guard isFirst else { return connection.serve(Self.content, to: request) }
            connection.head(200, ["Content-Length": "5000000"])
            connection.send(Array(Self.content.prefix(1000)))
        }
        let client = client { $0.maximumTransfers = 2 }
        let host = "127.0.0.1:\(server.port)"
        let names = try (0..<5).map { try reference(host, "app/n\($0):1") }
        let streams = names.map { client.stream(Self.blob, of: $0) }
        for stream in streams {
            #expect(try await readAll(stream).get() == Self.content)
        }
    }

    @Test func reportsWhatTheServerSays() async throws {
        let server = FaultyServer { $1.answer(404) }
        let stream = client().stream(Self.blob, of: try reference("127.0.0.1:\(server.port)"))
        guard case .failure(.notFound) = await readAll(stream) else {
            Issue.record("not reported")
            return
        }
    }
}
