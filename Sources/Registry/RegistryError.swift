internal import HTTP
package import OCI
package import SystemPackage

/// Why something could not be fetched. Cases carry facts; nothing in them is secret.
package enum RegistryError: Error, Hashable, Sendable {
    /// What a registry said of its refusal: its own code and message, shortened, safe to print.
    package struct Answer: Hashable, Sendable {
        package var status: Int
        package var code: String?
        package var message: String?
    }

    /// What a caller can do about an error.
    package enum Category: Sendable {
        case unreachable, unauthorized, notFound, corrupted, tooLarge, diskFull, cancelled, other
    }

    case unreachable(Subject, host: String, reason: String)
    case insecure(Subject, host: String, reason: String)
    case plainHTTPRefused(Subject, host: String)
    case timedOut(Subject, host: String, reason: String)
    case interrupted(Subject, host: String, reason: String)
    /// `withCredentials` is `false` where none were known for the host.
    case unauthorized(Subject, host: String, answer: Answer, withCredentials: Bool)
    case notFound(Subject, host: String, answer: Answer)
    case rateLimited(Subject, host: String, answer: Answer, retryAfter: Duration?)
    /// The server failed (408, 5xx); trying later may help.
    case unavailable(Subject, host: String, answer: Answer, retryAfter: Duration?)
    case refused(Subject, host: String, answer: Answer)
    case digestMismatch(Subject, host: String, expected: Digest, actual: Digest)
    /// `actual` is what came, or what the server announced.
    case sizeMismatch(Subject, host: String, expected: Int64, actual: Int64)
    case tooLarge(Subject, host: String, limit: Int64)
    case redirectRefused(Subject, host: String, reason: String)
    case malformedAnswer(Subject, host: String, reason: String)
    case malformed(Subject, host: String, Malformed)
    case unsupportedMediaType(Subject, host: String, mediaType: String)
    case credentials(source: String, reason: String)
    case disk(path: FilePath, Errno)
    case configuration(reason: String)
    case cancelled

    package var category: Category {
        switch self {
        case .unreachable, .insecure, .timedOut, .interrupted, .unavailable, .plainHTTPRefused: .unreachable
        case .unauthorized, .credentials: .unauthorized
        case .notFound: .notFound
        case .digestMismatch, .sizeMismatch, .malformed: .corrupted
        case .tooLarge: .tooLarge
        case .disk(_, let errno):
            errno == .noSpace || errno == .diskQuotaExceeded ? .diskFull : .other
        case .cancelled: .cancelled
        case .rateLimited, .refused, .redirectRefused, .malformedAnswer, .unsupportedMediaType, .configuration: .other
        }
    }

    /// Whether the same request may succeed a little later.
    var isTransient: Bool {
        switch self {
        case .timedOut, .interrupted, .rateLimited, .unavailable: true
        default: false
        }
    }

    /// How long the server asked us to wait.
    var retryAfter: Duration? {
        switch self {
        case .rateLimited(_, _, _, let duration), .unavailable(_, _, _, let duration): duration
        default: nil
        }
    }
}

extension RegistryError {
    /// A transport's error, with what was asked for.
    init(_ error: HTTPError, subject: Subject) {
        self =
            switch error {
            case .invalidURL(let url, let reason): .configuration(reason: "'\(url)' is not a usable URL: \(reason)")
            case .unreachable(let host, let reason): .unreachable(subject, host: host, reason: reason)
            case .insecure(let host, let reason): .insecure(subject, host: host, reason: reason)
            case .plainHTTPRefused(let host): .plainHTTPRefused(subject, host: host)
            case .timedOut(let host, let reason): .timedOut(subject, host: host, reason: reason)
            case .interrupted(let host, let reason): .interrupted(subject, host: host, reason: reason)
            case .tooLarge(let host, let limit): .tooLarge(subject, host: host, limit: limit)
            case .redirectRefused(let host, let reason): .redirectRefused(subject, host: host, reason: reason)
            case .malformedResponse(let host, let reason): .malformedAnswer(subject, host: host, reason: reason)
            case .stopped, .cancelled: .cancelled
            case .failed(let reason): .configuration(reason: reason)
            }
    }
}
