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
    ///   - secrets: what the host was shown, and may repeat in its answer.
    ///   - parseRetryAfter: reads `Retry-After`.
    init(
        _ response: HTTPResponse, subject: Subject, host: String, withCredentials: Bool,
        hiding secrets: some Sequence<String>,
        parseRetryAfter: (String) -> Duration? = RetryAfter.parse
    ) {
        let answer = Answer(response, hiding: secrets)
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

    /// The status, and what the body says if it has the specification's form and repeats none of `secrets`.
    init(_ response: HTTPResponse, hiding secrets: some Sequence<String>) {
        status = response.status
        let body = try? JSONDecoder().decode(Body.self, from: Data(response.errorBody))  // often it is an HTML page
        // Before anything is cut off: a part of a secret is one, too.
        func shown(_ text: String?, limit: Int) -> String? {
            guard let text else { return nil }
            let repeats = secrets.contains { !$0.isEmpty && text.contains($0) }
            return repeats ? "its words are not shown: they repeat what it was sent" : text.printable(limit: limit)
        }
        code = shown(body?.errors.first?.code, limit: 100)
        message = shown(body?.errors.first?.message, limit: 200)
    }
}
