internal import FoundationEssentials
internal import HTTP
internal import OCI

extension RegistryError {
    /// What an answer that is no success means.
    ///
    /// - Parameters:
    ///   - response: the answer.
    ///   - subject: what was asked for.
    ///   - host: who was asked; a redirect may have led elsewhere, and then that host is named.
    ///   - withCredentials: whether credentials are stored for the host.
    ///   - parseRetryAfter: reads `Retry-After`.
    init(
        _ response: HTTPResponse, subject: Subject, host: String, withCredentials: Bool,
        parseRetryAfter: (String) -> Duration? = RetryAfter.parse
    ) {
        let answer = Answer(response)
        let retryAfter = response.headers["retry-after"].flatMap(parseRetryAfter)
        self =
            switch response.status {
            case 401, 403:
                .unauthorized(subject, host: host, answer: answer, withCredentials: withCredentials)
            case 404, 410: .notFound(subject, host: host, answer: answer)
            case 429: .rateLimited(subject, host: host, answer: answer, retryAfter: retryAfter)
            case 408, 500...599: .unavailable(subject, host: host, answer: answer, retryAfter: retryAfter)
            default: .refused(subject, host: host, answer: answer)
            }
    }
}

extension RegistryError.Answer {
    /// distribution-spec 1.1, "Error Codes".
    private struct Body: Decodable {
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
        var errors: [Entry]
    }

    /// The status, and what the body says if it has the specification's form.
    init(_ response: HTTPResponse) {
        status = response.status
        let body = try? JSONDecoder().decode(Body.self, from: Data(response.errorBody))  // often it is an HTML page
        code = body?.errors.first?.code?.printable(limit: 100)
        message = body?.errors.first?.message?.printable(limit: 200)
    }
}
