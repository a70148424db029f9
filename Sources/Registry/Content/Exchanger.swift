internal import HTTP
internal import OCI

/// Something that can be asked for: where it is and who answers for it.
struct Target: Sendable {
    let subject: Subject
    let url: HTTPURL
    /// `nil` for a plain file, which is asked for anonymously.
    let realm: Authorizer.Realm?

    /// The host as errors name it.
    var host: String { url.authority }
}

/// Sends one request, with the registry's authentication around it.
struct Exchanger: Sendable {
    let transport: CurlTransport
    let authorizer: Authorizer
    let configuration: RegistryConfiguration

    init(_ configuration: RegistryConfiguration) {
        var http = HTTPConfiguration(userAgent: configuration.userAgent)
        http.connectTimeout = configuration.connectTimeout
        http.stallTimeout = configuration.stallTimeout
        http.plainHTTPHosts = configuration.plainHTTPHosts
        http.certificateAuthorities = configuration.certificateAuthorities
        http.usesProxyEnvironment = configuration.usesProxyEnvironment
        http.observe = configuration.observe
        transport = CurlTransport(http)
        authorizer = Authorizer(transport: transport, configuration: configuration)
        self.configuration = configuration
    }

    /// Asks for `target`; any status but a refusal of our credentials is an answer.
    func send(
        _ target: Target, headers: HTTPHeaders, limit: Int64, sink: any BodySink, gate: BodyGate? = nil,
        timeLimit: Duration? = nil, method: HTTPRequest.Method = .get, upload: HTTPUpload? = nil
    ) async throws(RegistryError) -> HTTPResponse {
        func attempt(_ headers: HTTPHeaders) async throws(RegistryError) -> HTTPResponse {
            var request = HTTPRequest(
                method: method, url: target.url, headers: headers, maximumBodySize: limit,
                permitsPlainHTTP: target.realm?.endpoint.permitsPlainHTTP ?? false, mayPause: gate != nil,
                timeLimit: timeLimit)
            request.upload = upload
            do {
                return try await transport.send(request, sink: sink, gate: gate)
            } catch {
                throw RegistryError(error, subject: target.subject)
            }
        }
        guard let realm = target.realm else { return try await attempt(headers) }
        var headers = headers
        headers["Authorization"] = try await authorizer.authorization(for: realm)
        let first = try await attempt(headers)
        // A 401 from where a redirect led is not the registry's, and must not make us show it anything.
        guard first.status == 401, first.url.hasSameOrigin(as: target.url),
            let authorization = try await authorizer.answer(first, for: realm, rejected: headers["Authorization"])
        else { return first }
        headers["Authorization"] = authorization
        return try await attempt(headers)
    }

    /// The error that an answer without success stands for.
    func error(for response: HTTPResponse, to target: Target) async -> RegistryError {
        var hasCredentials = false
        if let realm = target.realm, response.status == 401 || response.status == 403 {
            hasCredentials = await authorizer.hasCredentials(for: realm)
        }
        return RegistryError(
            response, subject: target.subject, host: response.url.authority, withCredentials: hasCredentials,
            hiding: authorizer.shown)
    }
}
