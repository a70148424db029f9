internal import FoundationEssentials
internal import HTTP
internal import OCI

/// One exchange with a token server: distribution's "Token Authentication Specification" and its OAuth2 form.
struct TokenRequest: Sendable {
    var realm: HTTPURL
    var service: String
    var scope: String
    /// `nil` asks anonymously.
    var credentials: Credentials?
    /// The realm may be spoken to in plain HTTP.
    var permitsPlainHTTP: Bool

    private struct Answer: Decodable {
        var token: String?
        var access_token: String?
        var expires_in: Double?
    }

    private static let answerLimit: Int64 = 256 << 10

    /// Fetches the token; temporary failures are retried.
    func send(
        by transport: CurlTransport, as configuration: RegistryConfiguration
    ) async throws(RegistryError) -> AccessToken {
        try await configuration.retry.retrying { () async throws(RegistryError) in
            try await self.attempt(by: transport, timeLimit: configuration.documentTimeout)
        }
    }

    private func attempt(by transport: CurlTransport, timeLimit: Duration) async throws(RegistryError) -> AccessToken {
        let subject = Subject.token(scope: scope)
        let sink = CollectingSink()
        let response: HTTPResponse
        do {
            var request = try request()
            request.timeLimit = timeLimit
            response = try await transport.send(request, sink: sink)
        } catch {
            throw RegistryError(error, subject: subject)
        }
        guard response.isSuccess else {
            throw RegistryError(
                response, subject: subject, host: realm.authority, withCredentials: credentials != nil,
                hiding: credentials?.secrets ?? [])
        }
        // The default of the specification; a day is longer than any build.
        guard let answer = try? decodeJSON(Data(sink.bytes), as: "token") as Answer,  // said in the error below
            let token = answer.token.flatMap({ $0.isEmpty ? nil : $0 }) ?? answer.access_token,
            !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), token.utf8.count <= 64 << 10
        else {
            throw .malformedAnswer(subject, host: realm.authority, reason: "no usable token in it")
        }
        let lifetime = min(max(answer.expires_in ?? 60, 1), 86400)
        return AccessToken(value: token, expiry: .now + .seconds(lifetime - min(10, lifetime / 4)))
    }

    private func request() throws(HTTPError) -> HTTPRequest {
        if case .identityToken(let token) = credentials {
            let form = Self.form([
                ("grant_type", "refresh_token"), ("service", service), ("client_id", "sealift"), ("scope", scope),
                ("refresh_token", token),
            ])
            return HTTPRequest(
                method: .post, url: realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: Array(form.utf8), maximumBodySize: Self.answerLimit, permitsPlainHTTP: permitsPlainHTTP)
        }
        let separator = realm.text.contains("?") ? "&" : "?"
        let scopes = scope.split(separator: " ").map { ("scope", String($0)) }
        let query = Self.form([("service", service)].filter { !$0.1.isEmpty } + scopes)
        let url = try HTTPURL(parsing: query.isEmpty ? realm.text : realm.text + separator + query)
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if case .basic(let user, let password) = credentials {
            headers["Authorization"] = Self.basic(user: user, password: password)
        }
        return HTTPRequest(
            url: url, headers: headers, maximumBodySize: Self.answerLimit, permitsPlainHTTP: permitsPlainHTTP)
    }

    /// RFC 7617.
    static func basic(user: String, password: String) -> String {
        "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }

    /// Percent-encoded pairs: everything but RFC 3986's unreserved characters is escaped.
    private static func form(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(hex)" : "%\(hex)"
            }
        }
    }
}
