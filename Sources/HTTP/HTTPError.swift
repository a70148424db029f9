/// Why there is no answer, or not all of it. Texts name hosts and paths, never queries or credentials.
package enum HTTPError: Error, Hashable, Sendable {
    case invalidURL(String, reason: String)
    /// No connection: the name doesn't resolve, nobody listens, the network has no way there.
    case unreachable(host: String, reason: String)
    /// The certificate isn't trusted, or the other side doesn't speak TLS.
    case insecure(host: String, reason: String)
    /// The URL is plain HTTP and nobody asked for that.
    case plainHTTPRefused(host: String)
    case timedOut(host: String, reason: String)
    /// The connection ended in the middle of an answer.
    case interrupted(host: String, reason: String)
    case tooLarge(host: String, limit: Int64)
    case redirectRefused(host: String, reason: String)
    case malformedResponse(host: String, reason: String)
    /// The sink answered ``BodyFlow/stop``.
    case stopped
    case cancelled
    /// libcurl itself failed.
    case failed(reason: String)
}

extension HTTPError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidURL(let url, let reason): "'\(url)' is not a usable URL: \(reason)"
        case .unreachable(let host, let reason): "can't reach \(host): \(reason)"
        case .insecure(let host, let reason): "can't trust the connection to \(host): \(reason)"
        case .plainHTTPRefused(let host): "refused to speak plain HTTP with \(host)"
        case .timedOut(let host, let reason): "\(host) took too long: \(reason)"
        case .interrupted(let host, let reason): "\(host) ended the transfer early: \(reason)"
        case .tooLarge(let host, let limit): "\(host) sent more than the \(limit) bytes that are accepted"
        case .redirectRefused(let host, let reason): "refused a redirect from \(host): \(reason)"
        case .malformedResponse(let host, let reason): "\(host) sent a malformed answer: \(reason)"
        case .stopped: "the receiver stopped the transfer"
        case .cancelled: "cancelled"
        case .failed(let reason): "the HTTP library failed: \(reason)"
        }
    }
}
