import OCI
import Registry
import TestSupport
import Testing
import Threads

/// Bearer tokens where the fixtures can be made to misbehave.
@Suite struct TokenTests {
    private static let manifest = #"{"schemaVersion":2,"manifests":[]}"#

    /// A registry and its token server in one; `token` answers requests for tokens.
    private func server(
        realm: String? = nil, token: @escaping @Sendable (FaultyServer.Request, FaultyServer.Connection) -> Void
    ) -> FaultyServer {
        FaultyServer { request, connection in
            if request.path.hasPrefix("/token") { return token(request, connection) }
            guard request.headers["authorization"] == "Bearer good" else {
                let own = "http://\(request.headers["host"] ?? "")/token"
                let challenge = "Bearer realm=\"\(realm ?? own)\",service=\"s\",scope=\"repository:app/one:pull,push\""
                return connection.answer(401, ["WWW-Authenticate": challenge])
            }
            connection.answer(200, body: Array(Self.manifest.utf8))
        }
    }

    private func resolve(_ server: FaultyServer, credentials: Credentials? = nil) async throws {
        let host = "127.0.0.1:\(server.port)"
        let store = CredentialStore.fixed(credentials.map { [host: $0] } ?? [:])
        _ = try await testClient(credentials: store).resolve(try reference(host))
    }

    @Test func oneTokenServesManyRequestsAtATime() async throws {
        let server = server { $1.answer(200, body: Array(#"{"token":"good","expires_in":300}"#.utf8)) }
        let client = testClient()
        let name = try reference("127.0.0.1:\(server.port)")
        try await withThrowingTaskGroup { group in
            for _ in 0..<10 { group.addTask { _ = try await client.resolve(name) } }
            try await group.waitForAll()
        }
        let tokenRequests = server.requests.filter { $0.path.hasPrefix("/token") }
        #expect(tokenRequests.count == 1)
        #expect(tokenRequests.first?.path == "/token?service=s&scope=repository%3Aapp%2Fone%3Apull")
        #expect(tokenRequests.first?.headers["authorization"] == nil)
    }

    @Test func anIdentityTokenIsPostedAndNeverStandsInAURL() async throws {
        let server = server { $1.answer(200, body: Array(#"{"access_token":"good"}"#.utf8)) }
        try await resolve(server, credentials: .identityToken("a+b/c=&"))
        let request = try #require(server.requests.first { $0.path.hasPrefix("/token") })
        #expect(request.method == "POST")
        #expect(request.path == "/token")
        #expect(String(decoding: request.body, as: UTF8.self).hasSuffix("refresh_token=a%2Bb%2Fc%3D%26"))
    }

    @Test(arguments: ["", "{}", #"{"token":""}"#, #"{"token":"a\r\nX: y"}"#, #"{"token":"a b"}"#, "<html>"])
    func refusesUnusableTokens(_ body: String) async {
        let server = server { $1.answer(200, body: Array(body.utf8)) }
        let error = await registryError { try await resolve(server) }
        guard case .malformedAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["http://auth.example/token", "file:///etc/passwd", "http://127.0.0.1.example/token", "x"])
    func sendsNothingToARealmThatIsNotSafe(_ realm: String) async {
        let server = server(realm: realm) { $1.answer(500) }
        let error = await registryError {
            try await resolve(server, credentials: .basic(user: "u", password: "SECRET"))
        }
        #expect(error.map { !"\($0)".contains("SECRET") } == true)
        #expect(server.requests.count == 1)
    }

    @Test func refusedCredentialsAreNotTriedAgain() async throws {
        let server = server { $1.answer(401) }
        let host = "127.0.0.1:\(server.port)"
        let store = CredentialStore.fixed([host: .basic(user: "u", password: "wrong")])
        let client = testClient(credentials: store)
        let name = try reference(host)
        for _ in 0..<3 {
            let error = await registryError { _ = try await client.resolve(name) }
            #expect(error?.category == .unauthorized)
        }
        #expect(server.requests.count { $0.path.hasPrefix("/token") } == 1)
    }

    @Test func aTokenThatTheRegistryRefusesIsReplacedOnce() async throws {
        let count = Lock(0)
        let server = server { _, connection in
            let number = count.withLock { count in
                count += 1
                return count
            }
            connection.answer(200, body: Array(#"{"token":"\#(number == 1 ? "old" : "good")"}"#.utf8))
        }
        let client = testClient()
        let name = try reference("127.0.0.1:\(server.port)")
        let first = await registryError { _ = try await client.resolve(name) }
        #expect(first?.category == .unauthorized)
        _ = try await client.resolve(name)
        #expect(count.withLock { $0 } == 2)
    }

    @Test func aTokenServerThatIsBusyIsAskedAgain() async throws {
        let isFirst = Lock(true)
        let server = server { _, connection in
            let isBusy = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            if isBusy { return connection.answer(503, ["Retry-After": "1"]) }
            connection.answer(200, body: Array(#"{"token":"good"}"#.utf8))
        }
        try await resolve(server)
    }
}
