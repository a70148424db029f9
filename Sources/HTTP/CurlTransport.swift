internal import Threads

/// An HTTP/1.1 and HTTP/2 client on libcurl: one thread of its own, connections kept and shared by all requests.
///
/// Redirects are followed here and not by libcurl, so that each hop passes the same checks as the first request:
/// at most five, only to http and https, never from https to http, and with credentials only inside one origin.
package final class CurlTransport: Sendable {
    private let configuration: HTTPConfiguration
    private let loop: CurlLoop

    package init(_ configuration: HTTPConfiguration) {
        self.configuration = configuration
        loop = CurlLoop()
        OSThread.spawn(name: "sealift-http") { [loop] in loop.run() }
    }

    deinit {
        loop.post(.stop)
    }

    /// Sends `request`, follows redirects, and gives the body of a successful answer to `sink`.
    ///
    /// Any status is an answer, not an error. A cancelled task ends the transfer at once.
    ///
    /// - Parameters:
    ///   - request: what to ask for.
    ///   - sink: where the body goes.
    ///   - gate: what a sink that paused is woken with.
    /// - Returns: the final answer's head.
    /// - Throws: ``HTTPError`` where there is no answer, or not all of it.
    package func send(
        _ request: HTTPRequest, sink: any BodySink, gate: BodyGate? = nil
    ) async throws(HTTPError) -> HTTPResponse {
        var request = request
        guard request.url.scheme == .https || request.permitsPlainHTTP || configuration.permitsPlainHTTP(request.url)
        else { throw .plainHTTPRefused(host: request.url.authority) }
        let deadline = request.timeLimit.map { ContinuousClock.now + $0 }
        for _ in 0...configuration.maximumRedirects {
            request.timeLimit = deadline.map { ContinuousClock.now.duration(to: $0) }
            let response = try await exchange(request, sink: sink, gate: gate)
            guard let location = response.redirectTarget else { return response }
            request = try redirected(request, to: location)
        }
        throw .redirectRefused(
            host: request.url.authority, reason: "more than \(configuration.maximumRedirects) in a row")
    }

    private func redirected(_ request: HTTPRequest, to location: String) throws(HTTPError) -> HTTPRequest {
        let origin = request.url
        let target: HTTPURL
        do {
            target = try origin.resolving(location)
        } catch {
            throw .redirectRefused(host: origin.authority, reason: "\(error)")
        }
        guard request.method == .get || request.method == .head else {
            throw .redirectRefused(
                host: origin.authority, reason: "a \(request.method.rawValue) is not repeated elsewhere")
        }
        guard origin.scheme == .http || target.scheme == .https else {
            throw .redirectRefused(host: origin.authority, reason: "it leads from https to http")
        }
        let staysAtOrigin = target.hasSameOrigin(as: origin)
        guard
            target.scheme == .https || configuration.permitsPlainHTTP(target)
                || (staysAtOrigin && request.permitsPlainHTTP)
        else { throw .redirectRefused(host: origin.authority, reason: "it leads to plain HTTP at \(target.authority)") }
        var next = request
        next.url = target
        if !staysAtOrigin {
            // A blob store must not see the registry's token: S3 even refuses requests that carry one. What was dropped
            // stays dropped should the trail lead back.
            next.headers = request.headers.keeping(["accept", "range", "if-range"])
            next.permitsPlainHTTP = false
        }
        return next
    }

    private func exchange(
        _ request: HTTPRequest, sink: any BodySink, gate: BodyGate?
    ) async throws(HTTPError) -> HTTPResponse {
        let transfer = Transfer(request, configuration: configuration, sink: sink)
        gate?.attach { [weak loop, weak transfer] in
            if let loop, let transfer { loop.post(.resume(transfer)) }
        }
        defer { gate?.detach() }
        let start = ContinuousClock.now
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                loop.post(.add(transfer))
            }
        } onCancel: {
            // May come before `add`: the loop keeps the order, and `add` looks at what `cancel` left.
            loop.post(.cancel(transfer))
        }
        configuration.observe?(
            HTTPEvent(method: request.method, url: request.url, outcome: result, duration: start.duration(to: .now)))
        return try result.get()
    }
}

extension HTTPResponse {
    fileprivate var redirectTarget: String? {
        [301, 302, 303, 307, 308].contains(status) ? headers["location"] : nil
    }
}
