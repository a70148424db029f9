internal import CCurl

/// One request to one host and its answer, as libcurl's callbacks see it.
final class Transfer: @unchecked Sendable {  // after `add` was posted, only the loop's thread touches it
    private enum Destination {
        case head, sink, errorBody, nowhere
    }

    let request: HTTPRequest
    let configuration: HTTPConfiguration
    private let sink: any BodySink
    /// Set before the transfer is posted, taken once by ``complete(_:)``.
    var continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>?
    var isCancelled = false
    /// Libcurl's handle, while the transfer is under way.
    private(set) var easy: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    private var response: HTTPResponse
    private var headSize = 0
    private var destination = Destination.head
    private var received: Int64 = 0
    /// How much of the request's upload libcurl has taken.
    private var sent: Int64 = 0
    private var failure: HTTPError?
    /// The speed, which ``CurlLoop`` looks after.
    var pace: Pace
    /// Enough of a body that nobody needs was read.
    private var hasEnough = false

    /// A head larger than this is refused.
    private static let headLimit = 256 << 10

    init(_ request: HTTPRequest, configuration: HTTPConfiguration, sink: any BodySink) {
        self.request = request
        self.configuration = configuration
        self.sink = sink
        pace = Pace(window: configuration.stallTimeout, minimumSpeed: configuration.minimumSpeed)
        response = HTTPResponse(status: 0, headers: [:], url: request.url)
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        errorText.deallocate()
    }

    /// Makes the handle that the loop adds.
    func prepare() throws(HTTPError) -> UnsafeMutableRawPointer {
        guard let easy = curl_easy_init() else { throw .failed(reason: "out of memory") }
        pace.restart()
        self.easy = easy
        let options = EasyOptions(easy)
        options.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        options.apply(configuration, to: request)
        headerList = options.setHeaders(request.headers)
        let context = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_HEADERDATA, context)
        options.set(CURLOPT_WRITEDATA, context)
        options.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let transfer = Transfer.from(context), let bytes else { return 0 }
            return transfer.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
        }
        options.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let transfer = Transfer.from(context), let bytes else { return 0 }
            return switch transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
            case .proceed: size * count
            case .pause: Int(CURL_WRITEFUNC_PAUSE)
            case .stop: Int(CURL_WRITEFUNC_ERROR)
            }
        }
        if request.upload != nil { setUpload(options, context) }
        guard let failed = options.firstFailure else { return easy }
        throw .failed(reason: String(cString: curl_easy_strerror(failed)))
    }

    /// Frees what libcurl holds; the handle must have left the multi handle.
    func release() {
        if let easy { curl_easy_cleanup(easy) }
        if let headerList { curl_slist_free_all(headerList) }
        easy = nil
        headerList = nil
    }

    func complete(_ result: Result<HTTPResponse, HTTPError>) {
        continuation?.resume(returning: result)
        continuation = nil
    }

    /// What libcurl's `code`, together with what the callbacks saw, means.
    func outcome(of code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if let failure { return .failure(failure) }
        if hasEnough || code == CURLE_OK { return .success(response) }
        let own = String(cString: errorText)
        let reason = own.isEmpty ? String(cString: curl_easy_strerror(code)) : own
        if code == CURLE_OUT_OF_MEMORY, destination == .head {
            // What libcurl says of a line that is longer than it takes.
            return .failure(
                .malformedResponse(host: request.url.authority, reason: "a line of its header is longer than 100 KB"))
        }
        return .failure(.init(code, host: request.url.authority, reason: reason))
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        // The loop holds the transfer in `active` for as long as libcurl can call back.
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - the upload

    private func setUpload(_ options: EasyOptions, _ context: UnsafeMutableRawPointer) {
        options.set(CURLOPT_READDATA, context)
        options.set(CURLOPT_SEEKDATA, context)
        options.set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            guard let transfer = Transfer.from(context), let bytes else { return Int(CURL_READFUNC_ABORT) }
            return transfer.giveUpload(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
                ?? Int(CURL_READFUNC_ABORT)
        }
        options.setSeek { context, offset, origin in
            // libcurl only ever rewinds, when a connection that it kept turns out to be dead.
            guard let transfer = Transfer.from(context), origin == 0, offset >= 0 else { return CURL_SEEKFUNC_FAIL }
            transfer.sent = Int64(offset)
            return CURL_SEEKFUNC_OK
        }
    }

    private func giveUpload(_ target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let upload = request.upload, !isCancelled else { return nil }
        let room = min(Int64(target.count), upload.size - sent)
        guard room > 0 else { return 0 }
        guard
            let count = upload.source.read(
                at: sent, into: UnsafeMutableRawBufferPointer(rebasing: target[..<Int(room)]))
        else {
            _ = fail(.stopped)
            return nil
        }
        pace.note(count)
        sent += Int64(count)
        return count
    }

    // MARK: - the head

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Trailers count too, since libcurl keeps them, but say nothing that we need.
        headSize += bytes.count
        guard headSize <= Self.headLimit else { return fail(malformed: "its header is larger than 256 KiB") }
        guard destination == .head else { return true }
        var line = String(decoding: bytes, as: UTF8.self)[...]
        while let last = line.unicodeScalars.last, last == "\r" || last == "\n" { line.unicodeScalars.removeLast() }
        if line.hasPrefix("HTTP/") {
            let words = line.split(separator: " ", maxSplits: 2)
            response.version = String(words[0])
            response.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
            response.headers = [:]
            return true
        }
        guard line.isEmpty else {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                response.headers.add(String(parts[0]), String(parts[1]).trimmed)
            }
            return true
        }
        // 1xx: the answer proper is still to come.
        return (100..<200).contains(response.status) ? true : beginBody()
    }

    private func beginBody() -> Bool {
        if (300..<400).contains(response.status) {
            destination = .nowhere
            return true
        }
        guard response.isSuccess else {
            destination = .errorBody
            return true
        }
        destination = .sink
        let lengths = Set(response.headers.all("content-length"))
        guard lengths.count < 2 else { return fail(malformed: "it has two Content-Length headers that differ") }
        if let length = lengths.first.flatMap({ Int64($0) }), length > request.maximumBodySize {
            return fail(.tooLarge(host: request.url.authority, limit: request.maximumBodySize))
        }
        for coding in response.headers.all("content-encoding") where coding.lowercased() != "identity" {
            // Digests are of the bytes as they are; nobody asked for an encoding.
            return fail(malformed: "it has the Content-Encoding '\(coding.printable)', which was not asked for")
        }
        for coding in response.headers.all("transfer-encoding") where coding.lowercased() != "chunked" {
            // libcurl would unpack it, whether or not anybody asked for it with TE.
            return fail(malformed: "it has the Transfer-Encoding '\(coding.printable)', which was not asked for")
        }
        return sink.begin(response) ? true : fail(.stopped)
    }

    // MARK: - the body

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> BodyFlow {
        guard !isCancelled else { return .stop }
        pace.note(bytes.count)
        switch destination {
        case .head: return .stop
        case .nowhere, .errorBody:
            if destination == .errorBody {
                response.errorBody += bytes.prefix(HTTPResponse.errorBodyLimit - response.errorBody.count)
            }
            received += Int64(bytes.count)
            hasEnough = received >= Int64(HTTPResponse.errorBodyLimit)
            return hasEnough ? .stop : .proceed
        case .sink:
            guard received + Int64(bytes.count) <= request.maximumBodySize else {
                _ = fail(.tooLarge(host: request.url.authority, limit: request.maximumBodySize))
                return .stop
            }
            let flow = sink.take(bytes)
            switch flow {
            case .proceed: received += Int64(bytes.count)
            case .pause: pace.pause()
            case .stop: _ = fail(.stopped)
            }
            return flow
        }
    }

    private func fail(_ error: HTTPError) -> Bool {
        failure = failure ?? error
        return false
    }

    private func fail(malformed reason: String) -> Bool {
        fail(.malformedResponse(host: request.url.authority, reason: reason))
    }
}
