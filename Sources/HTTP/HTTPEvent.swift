/// What came of one request, for who wants to watch: no headers, and of URLs no query, for these may carry secrets.
package struct HTTPEvent: Sendable, CustomStringConvertible {
    package var method: HTTPRequest.Method
    package var url: HTTPURL
    /// The answer, or why there is none.
    package var outcome: Result<HTTPResponse, HTTPError>
    package var duration: Duration

    package var description: String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        let place = "\(url.scheme.rawValue)://\(url.authority)\(url.path)"
        let result =
            switch outcome {
            case .success(let response): "\(response.status) over \(response.version)"
            case .failure(let error): "\(error)"
            }
        return "\(method.rawValue) \(place): \(result), \(milliseconds) ms"
    }
}
