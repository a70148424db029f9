/// What to ask a server for.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
    }

    package var method: Method
    package var url: HTTPURL
    package var headers: HTTPHeaders
    /// Sent with `POST`; small, and never sent again to where a redirect points.
    package var body: [UInt8]
    /// Sent with `PUT` and `PATCH`, as it is read; never sent again to where a redirect points.
    package var upload: HTTPUpload?
    /// More bytes of body than this end the transfer, whatever the response's header says.
    package var maximumBodySize: Int64
    /// Plain HTTP is accepted for `url` itself because whoever made the request decided so; redirects are not covered.
    package var permitsPlainHTTP: Bool
    /// The sink may answer ``BodyFlow/pause``.
    package var mayPause: Bool
    /// How long all of it may take, redirects included; `nil` where only standing still is a failure.
    package var timeLimit: Duration?

    package init(
        method: Method = .get, url: HTTPURL, headers: HTTPHeaders = [:], body: [UInt8] = [], maximumBodySize: Int64,
        permitsPlainHTTP: Bool = false, mayPause: Bool = false, timeLimit: Duration? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.maximumBodySize = maximumBodySize
        self.permitsPlainHTTP = permitsPlainHTTP
        self.mayPause = mayPause
        self.timeLimit = timeLimit
    }
}

/// A body that is read while it is sent.
package struct HTTPUpload: Sendable {
    /// How many bytes it has; exactly as many are sent.
    package var size: Int64
    package var source: any UploadSource

    package init(size: Int64, source: any UploadSource) {
        self.size = size
        self.source = source
    }
}

/// Where the bytes of an ``HTTPUpload`` come from, on the transport's own thread.
///
/// Must be quick: it holds up every other transfer.
package protocol UploadSource: Sendable {
    /// Fills the start of `target` with what stands at `offset`; an offset that was read before comes again where a
    /// connection broke, or where credentials were asked for.
    ///
    /// - Parameters:
    ///   - offset: how many bytes stand before.
    ///   - target: where the bytes go; not empty, and not larger than the rest of the body.
    /// - Returns: how many bytes there are, at least one; `nil` ends the transfer with ``HTTPError/stopped``.
    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int?
}

/// The head of a server's final answer, after redirects.
package struct HTTPResponse: Sendable {
    /// As the status line has it: `HTTP/1.1`, `HTTP/2`.
    package var version = ""
    package var status: Int
    package var headers: HTTPHeaders
    /// Where the answer came from.
    package var url: HTTPURL
    /// The start of the body of an answer that is no success, at most ``errorBodyLimit`` bytes.
    package var errorBody: [UInt8] = []

    /// How much of an error's body is kept.
    package static let errorBodyLimit = 64 << 10

    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// What a sink wants to happen next.
package enum BodyFlow: Sendable {
    case proceed
    /// Not now: the same bytes come again after ``BodyGate/open()``.
    case pause
    /// The transfer ends with ``HTTPError/stopped``; the sink knows why.
    case stop
}

/// Takes the body of a successful answer, on the transport's own thread, in one pass: hash and write here.
///
/// Both calls must be quick; they hold up every other transfer.
package protocol BodySink: Sendable {
    /// Called once, before the first byte, and also when there is none; never for an answer that is no success.
    ///
    /// - Parameter response: the head of the answer.
    /// - Returns: `false` to end the transfer with ``HTTPError/stopped``.
    func begin(_ response: HTTPResponse) -> Bool

    /// Takes the next bytes, or says that it won't.
    func take(_ bytes: UnsafeRawBufferPointer) -> BodyFlow
}
