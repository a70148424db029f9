internal import CCurl

extension HTTPError {
    /// What libcurl's result means for the transfer.
    init(_ code: CURLcode, host: String, reason: String) {
        let reason = reason.printable
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY:
            self = .unreachable(host: host, reason: reason)
        case CURLE_OPERATION_TIMEDOUT:
            self = .timedOut(host: host, reason: reason)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
            self = .insecure(host: host, reason: reason)
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            self = .interrupted(host: host, reason: reason)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            self = .malformedResponse(host: host, reason: reason)
        case CURLE_WRITE_ERROR:
            self = .stopped
        default:
            self = .failed(reason: reason)
        }
    }
}

extension String {
    /// Without control characters, and at most 200 characters: what a server says goes to a terminal.
    package var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.prefix(200).map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : $0 }))
    }

    /// Without the white space around it.
    var trimmed: String {
        func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
