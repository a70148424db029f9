internal import HTTP
internal import Threads

/// Answers registries that ask who we are: Basic and Bearer challenges.
final class Authorizer: Sendable {
    /// Whose challenge is answered.
    struct Realm: Hashable, Sendable {
        let endpoint: RegistryEndpoint
        /// As the endpoint calls it.
        let repository: String
        /// Something will be put there.
        var isPush = false

        var scope: String { "repository:\(repository):\(isPush ? "pull,push" : "pull")" }
    }

    /// The way in that a registry showed with its first challenge.
    private enum Method: Sendable {
        case basic
        case bearer(TokenCache.Key, HTTPURL)
    }

    private let transport: CurlTransport
    private let configuration: RegistryConfiguration
    private let tokens = TokenCache()
    private let methods = Lock<[Realm: Method]>([:])
    private let sent = Lock<Set<String>>([])

    init(transport: CurlTransport, configuration: RegistryConfiguration) {
        self.transport = transport
        self.configuration = configuration
    }

    /// Every secret that any registry was shown: passwords, tokens, and how they were sent.
    var shown: Set<String> { sent.withLock { $0 } }

    /// What to send along, as far as it is known; the first request to a repository goes out without.
    func authorization(for realm: Realm) async throws(RegistryError) -> String? {
        guard let method = methods.withLock({ $0[realm] }) else { return nil }
        return try await header(by: method, for: realm)
    }

    /// What to send after `response` refused a request; `nil` when there is nothing to answer with.
    ///
    /// - Parameters:
    ///   - response: a 401.
    ///   - realm: who sent it.
    ///   - rejected: the `Authorization` that was sent and refused.
    /// - Returns: the value for a second attempt.
    /// - Throws: what went wrong on the way to a token.
    func answer(_ response: HTTPResponse, for realm: Realm, rejected: String?) async throws(RegistryError) -> String? {
        let challenges = Challenge.parse(response.headers.all("www-authenticate"))
        guard let method = try method(for: challenges, of: realm) else { return nil }
        methods.withLock { $0[realm] = method }
        switch method {
        case .basic:
            // The same password again would only be counted as a second wrong attempt.
            if rejected != nil { return nil }
        case .bearer(let key, _):
            if let rejected, rejected.hasPrefix("Bearer ") {
                await tokens.drop(String(rejected.dropFirst(7)), for: key)
            }
        }
        return try await header(by: method, for: realm)
    }

    /// Whether credentials are stored for the realm's host; for the text of an error only.
    func hasCredentials(for realm: Realm) async -> Bool {
        let found = try? await credentials(for: realm)  // a helper that fails was reported when it was first asked
        return found.flatMap { $0 } != nil
    }

    private func credentials(for realm: Realm) async throws(RegistryError) -> Credentials? {
        try await configuration.credentials.credentials(for: realm.endpoint.credentialHost)
    }

    private func header(by method: Method, for realm: Realm) async throws(RegistryError) -> String? {
        let credentials = try await credentials(for: realm)
        sent.withLock { $0.formUnion(credentials?.secrets ?? []) }
        if case .registryToken(let token) = credentials { return "Bearer \(token)" }
        switch method {
        case .basic:
            guard case .basic(let user, let password) = credentials else { return nil }
            return TokenRequest.basic(user: user, password: password)
        case .bearer(let key, let url):
            let request = TokenRequest(
                realm: url, service: key.service, scope: key.scope, credentials: credentials,
                permitsPlainHTTP: permitsPlainHTTP(url, of: realm.endpoint))
            let token = try await tokens.token(for: key) { [transport, configuration] () async throws(RegistryError) in
                try await request.send(by: transport, as: configuration)
            }
            _ = sent.withLock { $0.insert(token.value) }
            return "Bearer \(token.value)"
        }
    }

    private func method(for challenges: [Challenge], of realm: Realm) throws(RegistryError) -> Method? {
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }), let text = bearer.parameters["realm"] {
            let url: HTTPURL
            do {
                url = try HTTPURL(parsing: text)
            } catch {
                throw .malformedAnswer(
                    .token(scope: realm.scope), host: realm.endpoint.credentialHost,
                    reason: "the place where it has tokens, \(error)")
            }
            guard url.scheme == .https || permitsPlainHTTP(url, of: realm.endpoint) else {
                // Credentials would go over the wire in the clear to wherever the registry says.
                throw .plainHTTPRefused(.token(scope: realm.scope), host: url.authority)
            }
            // The repository can have another name behind a proxy, so the registry's word counts; more than
            // what is about to be done is never asked for.
            let scope = bearer.parameters["scope"].flatMap { Self.limited($0, isPush: realm.isPush) } ?? realm.scope
            let key = TokenCache.Key(
                realm: url.text, service: bearer.parameters["service"] ?? "",
                scope: scope)
            return .bearer(key, url)
        }
        return challenges.contains { $0.scheme == "basic" } ? .basic : nil
    }

    /// `scope` with `pull` as its only action, or in a push also `push`; `nil` unless it is of one repository, or in a
    /// push of two: the second is where a blob is to be mounted from, which is only read.
    private static func limited(_ scope: String, isPush: Bool) -> String? {
        let repositories = scope.split(separator: " ").map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
        guard (1...(isPush ? 2 : 1)).contains(repositories.count),
            repositories.allSatisfy({ $0.count >= 3 && $0[0] == "repository" })
        else { return nil }
        return repositories.enumerated().map { index, parts in
            let mayPush = isPush && (repositories.count == 1 || parts[parts.count - 1].contains("push"))
            return parts.dropLast().joined(separator: ":") + (mayPush ? ":pull,push" : ":pull")
        }.joined(separator: " ")
    }

    private func permitsPlainHTTP(_ url: HTTPURL, of endpoint: RegistryEndpoint) -> Bool {
        if url.isLoopback || configuration.permitsPlainHTTP(url.authority) { return true }
        // The same host, when we speak plain HTTP with it already.
        return endpoint.origin.hasPrefix("http://")
            && endpoint.origin.dropFirst(7).prefix { $0 != ":" } == url.host.prefix { $0 != ":" }
    }
}
