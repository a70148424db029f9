internal import HTTP

/// An access token, and until when it is used.
struct AccessToken: Sendable {
    let value: String
    let expiry: ContinuousClock.Instant
}

/// Access tokens by realm, service and scope; one request at a time for each, however many ask.
actor TokenCache {
    struct Key: Hashable, Sendable {
        var realm: String
        var service: String
        var scope: String

        fileprivate var text: String { "\(realm)\n\(service)\n\(scope)" }
    }

    private var results: [Key: Result<AccessToken, RegistryError>] = [:]
    private let turns = Slots(total: .max, perKey: 1)

    /// The token for `key`, fetched where none is held that still counts.
    ///
    /// Refused credentials are remembered: asking again for each of many images could lock an account.
    func token(
        for key: Key, fetch: @Sendable () async throws(RegistryError) -> AccessToken
    ) async throws(RegistryError) -> AccessToken {
        let turn = turns.reserve(key.text)
        guard await turn.wait() else { throw .cancelled }
        defer { turn.release() }
        switch results[key] {
        case .success(let token) where token.expiry > .now: return token
        case .failure(let error): throw error
        case .success, nil: break
        }
        do {
            let token = try await fetch()
            results[key] = .success(token)
            return token
        } catch {
            if case .unauthorized = error { results[key] = .failure(error) }
            throw error
        }
    }

    /// Forgets a token that the registry refused; a newer one stays.
    func drop(_ value: String, for key: Key) {
        if case .success(let token) = results[key], token.value == value { results[key] = nil }
    }
}
