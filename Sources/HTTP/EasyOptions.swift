internal import CCurl
internal import SystemPackage

/// Sets the options of one easy handle and remembers the first that libcurl refused.
final class EasyOptions {
    private let easy: UnsafeMutableRawPointer
    private(set) var firstFailure: CURLcode?

    init(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    func set(_ option: CURLoption, _ value: Int) { note(sealift_set_long(easy, option, value)) }

    func set(_ option: CURLoption, _ value: String) { note(sealift_set_string(easy, option, value)) }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        note(sealift_set_pointer(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: @escaping sealift_body_callback) {
        note(sealift_set_callback(easy, option, value))
    }

    func setSeek(_ value: @escaping sealift_seek_callback) { note(sealift_set_seek(easy, value)) }

    /// Everything but the callbacks and the header.
    func apply(_ configuration: HTTPConfiguration, to request: HTTPRequest) {
        set(CURLOPT_URL, request.url.text)
        set(CURLOPT_PROTOCOLS_STR, request.url.scheme.rawValue)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_USERAGENT, configuration.userAgent)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_BUFFERSIZE, 512 << 10)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, configuration.connectTimeout.milliseconds))
        if let limit = request.timeLimit { set(CURLOPT_TIMEOUT_MS, max(1, limit.milliseconds)) }
        set(CURLOPT_LOW_SPEED_LIMIT, 1)
        set(CURLOPT_LOW_SPEED_TIME, max(1, configuration.stallTimeout.milliseconds / 1000))
        if request.mayPause {
            // libcurl 7.88 holds up every stream of an HTTP/2 connection when one of them is paused with data in
            // flight; two readers that wait for each other would never end.
            set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        } else {
            set(CURLOPT_PIPEWAIT, 1)
        }
        if !configuration.usesProxyEnvironment { set(CURLOPT_PROXY, "") }
        if let file = configuration.certificateAuthority(for: request.url) {
            set(CURLOPT_CAINFO, file.string)
            // Without this the system's authorities would be trusted beside the one that was named.
            note(sealift_set_string(easy, CURLOPT_CAPATH, nil))
        }
        apply(request.method, body: request.body, uploadSize: request.upload?.size ?? 0)
    }

    /// Sets the request's header; the list must live as long as the handle.
    func setHeaders(_ headers: HTTPHeaders) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        // `Expect: 100-continue` costs a round trip. The bytes must come as they are stored.
        for line in ["Expect:", "Accept-Encoding: identity"] { list = curl_slist_append(list, line) }
        for (name, value) in headers.fields {
            guard !"\(name)\(value)".utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                note(CURLE_BAD_FUNCTION_ARGUMENT)
                continue
            }
            list = curl_slist_append(list, "\(name): \(value)")
        }
        note(sealift_set_list(easy, CURLOPT_HTTPHEADER, list))
        return list
    }

    private func set(_ option: CURLoption, _ value: CInt) { set(option, Int(value)) }

    private func apply(_ method: HTTPRequest.Method, body: [UInt8], uploadSize: Int64) {
        switch method {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .post:
            set(CURLOPT_POST, 1)
            note(sealift_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            body.withUnsafeBytes { bytes in
                let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                // Copied by libcurl within the call.
                if let start, !bytes.isEmpty { note(sealift_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start)) }
            }
            if body.isEmpty { set(CURLOPT_COPYPOSTFIELDS, "") }
        case .put, .patch:
            set(CURLOPT_UPLOAD, 1)
            note(sealift_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(uploadSize)))
            // Uploads by HTTP/2 lost data in libcurl 7.88 with one option or another (fixed up to 8.10).
            set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            set(CURLOPT_PIPEWAIT, 0)
            if method == .patch { set(CURLOPT_CUSTOMREQUEST, method.rawValue) }
        }
    }

    private func note(_ code: CURLcode) {
        if code != CURLE_OK, firstFailure == nil { firstFailure = code }
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
