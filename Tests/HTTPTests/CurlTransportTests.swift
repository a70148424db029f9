import HTTP
import TestSupport
import Testing
import Threads

@Suite struct CurlTransportTests {
    let transport = CurlTransport(
        {
            var configuration = HTTPConfiguration(userAgent: "sealift/test")
            configuration.plainHTTPHosts = ["127.0.0.1"]
            configuration.usesProxyEnvironment = false
            return configuration
        }())

    private func get(
        _ url: String, _ headers: HTTPHeaders = [:], limit: Int64 = 1 << 20
    ) async throws -> (response: HTTPResponse, body: [UInt8]) {
        let sink = CollectingSink()
        let request = HTTPRequest(url: try HTTPURL(parsing: url), headers: headers, maximumBodySize: limit)
        return (try await transport.send(request, sink: sink), sink.bytes)
    }

    private func error(_ url: String, limit: Int64 = 1 << 20) async -> HTTPError? {
        await #expect(throws: HTTPError.self) { _ = try await self.get(url, limit: limit) }
    }

    @Test func givesStatusHeadersAndBody() async throws {
        let server = FaultyServer { $1.answer(200, ["X-One": "1"], body: Array("hello".utf8)) }
        let (response, body) = try await get(server.origin + "/x?y=z")
        #expect(response.status == 200)
        #expect(response.headers["x-one"] == "1")
        #expect(body == Array("hello".utf8))
        #expect(server.requests.first?.path == "/x?y=z")
        #expect(server.requests.first?.headers["user-agent"] == "sealift/test")
        #expect(server.requests.first?.headers["accept-encoding"] == "identity")
    }

    @Test func keepsAnErrorsBodyAwayFromTheSink() async throws {
        let server = FaultyServer { $1.answer(404, body: Array("no".utf8)) }
        let (response, body) = try await get(server.origin)
        #expect(response.errorBody == Array("no".utf8))
        #expect(body.isEmpty)
    }

    @Test func readsNoMoreThanTheStartOfAnEndlessErrorBody() async throws {
        let server = FaultyServer { _, connection in
            connection.head(500)
            while connection.send([UInt8](repeating: 65, count: 4096)) {}
        }
        #expect(try await get(server.origin).response.errorBody.count == HTTPResponse.errorBodyLimit)
    }

    @Test func ignoresInformationalAnswers() async throws {
        let server = FaultyServer { _, connection in
            connection.send(Array("HTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\nX-Early: 1\r\n\r\n".utf8))
            connection.answer(200, body: [1])
        }
        let (response, body) = try await get(server.origin)
        #expect(response.headers["x-early"] == nil)
        #expect(body == [1])
    }

    @Test func endsAnEndlessBodyAtTheLimit() async {
        let server = FaultyServer { _, connection in
            connection.head(200)
            while connection.send([UInt8](repeating: 65, count: 4096)) {}
        }
        #expect(
            await error(server.origin, limit: 100_000) == .tooLarge(host: "127.0.0.1:\(server.port)", limit: 100_000))
    }

    @Test func refusesATooLargeContentLengthBeforeTheBody() async {
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "1000000000000"])
            connection.waitForClose()
        }
        #expect(await error(server.origin, limit: 10) == .tooLarge(host: "127.0.0.1:\(server.port)", limit: 10))
    }

    @Test(arguments: ["gzip", "br", "identity, gzip"])
    func refusesContentEncodings(_ coding: String) async {
        let server = FaultyServer { $1.answer(200, ["Content-Encoding": coding], body: [0x1F, 0x8B]) }
        guard case .malformedResponse = await error(server.origin) else {
            Issue.record("accepted \(coding)")
            return
        }
    }

    @Test func tellsWhenABodyIsCut() async {
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "100"])
            connection.send([1, 2, 3])
        }
        guard case .interrupted = await error(server.origin) else {
            Issue.record("a cut body went unnoticed")
            return
        }
    }

    @Test func refusesAHeadWithoutEnd() async {
        let server = FaultyServer { _, connection in
            connection.send(Array("HTTP/1.1 200 OK\r\n".utf8))
            while connection.send(Array("X-Filler: \(String(repeating: "x", count: 1000))\r\n".utf8)) {}
        }
        guard case .malformedResponse = await error(server.origin) else {
            Issue.record("an endless head was read")
            return
        }
    }

    @Test func refusesTwoLengths() async {
        let server = FaultyServer { _, connection in
            connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".utf8))
        }
        #expect(await error(server.origin) != nil)
    }

    @Test func saysThatNobodyListens() async {
        let port = FaultyServer { _, _ in }.port
        guard case .unreachable(let host, _) = await error("http://127.0.0.1:\(port)/") else {
            Issue.record("not unreachable")
            return
        }
        #expect(host == "127.0.0.1:\(port)")
    }

    @Test func speaksPlainHTTPOnlyWhereThatWasAskedFor() async throws {
        let strict = CurlTransport(HTTPConfiguration(userAgent: "sealift/test"))
        let server = FaultyServer { $1.answer(200) }
        var request = HTTPRequest(url: try HTTPURL(parsing: server.origin), maximumBodySize: 10)
        await #expect(throws: HTTPError.plainHTTPRefused(host: "127.0.0.1:\(server.port)")) {
            _ = try await strict.send(request, sink: CollectingSink())
        }
        #expect(server.requests.isEmpty)
        request.permitsPlainHTTP = true
        #expect(try await strict.send(request, sink: CollectingSink()).status == 200)
    }

    @Test func postsAForm() async throws {
        let server = FaultyServer { $1.answer(200) }
        let request = HTTPRequest(
            method: .post, url: try HTTPURL(parsing: server.origin), headers: ["Content-Type": "text/plain"],
            body: Array("a=b".utf8), maximumBodySize: 10)
        _ = try await transport.send(request, sink: CollectingSink())
        #expect(server.requests.first?.method == "POST")
        #expect(server.requests.first?.body == Array("a=b".utf8))
    }

    // MARK: - redirects

    @Test func followsARedirectInsideOneOriginWithItsCredentials() async throws {
        let server = FaultyServer { request, connection in
            if request.path == "/a" { connection.answer(307, ["Location": "/b"]) } else { connection.answer(200) }
        }
        let (response, _) = try await get(server.origin + "/a", ["Authorization": "Bearer T"])
        #expect(response.url.path == "/b")
        #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer T", "Bearer T"])
    }

    @Test func carriesNoCredentialsToAnotherHostNorBack() async throws {
        let home = Lock("")
        let other = FaultyServer { _, connection in
            connection.answer(302, ["Location": home.withLock { $0 } + "/again"])
        }
        let server = FaultyServer { request, connection in
            if request.path == "/a" {
                connection.answer(307, ["Location": other.origin + "/b?signed=1"])
            } else {
                connection.answer(200)
            }
        }
        home.withLock { $0 = server.origin }
        let headers: HTTPHeaders = [
            "Authorization": "Bearer T", "Range": "bytes=5-", "Cookie": "c", "X-Registry-Auth": "T",
        ]
        _ = try await get(server.origin + "/a", headers)
        let elsewhere = try #require(other.requests.first)
        #expect(elsewhere.headers["authorization"] == nil)
        #expect(elsewhere.headers["cookie"] == nil)
        #expect(elsewhere.headers["x-registry-auth"] == nil)
        #expect(elsewhere.headers["range"] == "bytes=5-")
        #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer T", nil])
    }

    @Test func givesUpAfterFiveRedirects() async {
        let server = FaultyServer { $1.answer(302, ["Location": "/again"]) }
        guard case .redirectRefused = await error(server.origin) else {
            Issue.record("followed for ever")
            return
        }
        #expect(server.requests.count == 6)
    }

    @Test(arguments: [
        "file:///etc/passwd", "gopher://127.0.0.1/", "http://user:secret@127.0.0.1/", "http://elsewhere.invalid/", "",
        "http://[", "dict://127.0.0.1:1/",
    ])
    func refusesToBeLedAstray(_ location: String) async {
        let server = FaultyServer { $1.answer(302, ["Location": location]) }
        let error = await error(server.origin)
        #expect(error.map { !"\($0)".contains("secret") } == true)
        #expect(server.requests.count <= 6)
    }

    // MARK: - flow

    @Test func endsACancelledTransferAtOnce() async throws {
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "100"])
            connection.send([1])
            connection.waitForClose()
        }
        let sink = SignallingSink()
        let request = HTTPRequest(url: try HTTPURL(parsing: server.origin), maximumBodySize: 1000)
        let task = Task { [transport] in try await transport.send(request, sink: sink) }
        await sink.firstBytes()
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { _ = try await task.value }
    }

    @Test func aTaskThatWasCancelledBeforehandSendsNothing() async throws {
        let server = FaultyServer { $1.answer(200) }
        let request = HTTPRequest(url: try HTTPURL(parsing: server.origin), maximumBodySize: 1000)
        let task = Task { [transport] in
            while !Task.isCancelled { await Task.yield() }
            return try await transport.send(request, sink: CollectingSink())
        }
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { _ = try await task.value }
        #expect(server.requests.isEmpty)
    }

    @Test func endsWhatIsUnderWayWhenItGoesAway() async throws {
        let server = FaultyServer { $1.waitForClose() }
        let sink = CollectingSink()
        var transport: CurlTransport? = CurlTransport(HTTPConfiguration(userAgent: "sealift/test"))
        let request = HTTPRequest(
            url: try HTTPURL(parsing: server.origin), maximumBodySize: 10, permitsPlainHTTP: true)
        let task = Task { [transport] in try await transport?.send(request, sink: sink) }
        transport = nil
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { _ = try await task.value }
    }

    @Test func deliversEveryByteOnceThroughPauses() async throws {
        let content = seededBytes(3_000_000, seed: 7)
        let server = FaultyServer { $1.answer(200, body: content) }
        let gate = BodyGate()
        let sink = PausingSink(gate)
        let request = HTTPRequest(
            url: try HTTPURL(parsing: server.origin), maximumBodySize: 4_000_000, mayPause: true)
        _ = try await transport.send(request, sink: sink, gate: gate)
        #expect(sink.bytes == content)
        #expect(sink.pauses > 0)
    }
}

/// Tells when the first bytes have come.
private final class SignallingSink: BodySink {
    private let stream = AsyncStream.makeStream(of: Void.self)

    func begin(_ response: HTTPResponse) -> Bool { true }

    func take(_ bytes: UnsafeRawBufferPointer) -> BodyFlow {
        stream.continuation.yield()
        return .proceed
    }

    func firstBytes() async {
        for await _ in stream.stream { return }
    }
}

/// Refuses every second piece once, and opens its gate from another thread.
private final class PausingSink: BodySink {
    private struct State {
        var bytes: [UInt8] = []
        var pauses = 0
        var pausesNext = true
    }

    private let gate: BodyGate
    private let state = Lock(State())

    init(_ gate: BodyGate) {
        self.gate = gate
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var pauses: Int { state.withLock { $0.pauses } }

    func begin(_ response: HTTPResponse) -> Bool { true }

    func take(_ bytes: UnsafeRawBufferPointer) -> BodyFlow {
        state.withLock { state in
            state.pausesNext.toggle()
            guard state.pausesNext else {
                state.pauses += 1
                Task { [gate] in gate.open() }
                return .pause
            }
            state.bytes += bytes
            return .proceed
        }
    }
}
