internal import CNghttp2

/// libnghttp2's side of a connection: frames in, frames out, and the streams between them. Does no input or output.
final class Session {
    private static let connectionWindow: Int32 = 32 << 20
    /// Far above what any gRPC server sends, far below what hurts.
    private static let headerLimit = 48 << 10

    private var session: OpaquePointer?
    private var streams: [Int32: StreamState] = [:]
    var outbox = Outbox()
    /// What the library said when it found the other side's bytes at fault.
    private var complaint: String?
    /// The other side closes the connection, and says why.
    private(set) var farewell: HTTP2Error?

    init(window: Int) throws(HTTP2Error) {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else { throw .library(reason: "no memory") }
        defer { nghttp2_session_callbacks_del(callbacks) }
        guard nghttp2_option_new(&options) == 0, let options else { throw .library(reason: "no memory") }
        defer { nghttp2_option_del(options) }
        setCallbacks(callbacks)
        // The window opens when a stream's bytes are taken, not when they arrive: that bounds what waits here.
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_no_closed_streams(options, 1)
        try check(
            nghttp2_session_client_new2(&session, callbacks, Unmanaged.passUnretained(self).toOpaque(), options))
        let settings = [
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(window)),
        ]
        try check(nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count))
        try check(
            nghttp2_session_set_local_window_size(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Self.connectionWindow))
    }

    deinit { nghttp2_session_del(session) }

    /// Whether a stream can be opened.
    var takesRequests: Bool { nghttp2_session_check_request_allowed(session) != 0 }

    /// Why nothing will come of this connection any more; `nil` as long as something may.
    var end: HTTP2Error? {
        guard nghttp2_session_want_read(session) == 0 else { return nil }
        // Without a farewell of theirs it was the library that found nothing more worth reading.
        return complaint.map { .protocolViolation(reason: $0) } ?? farewell
            ?? .protocolViolation(reason: "it sends frames that break the protocol")
    }

    func terminate() {
        // Only fails for want of memory, and then there is nothing to say goodbye with.
        _ = nghttp2_session_terminate_session(session, NGHTTP2_NO_ERROR.rawValue)
    }

    func submit(_ headers: [HTTP2Header], _ state: StreamState) throws(HTTP2Error) {
        guard takesRequests else { throw farewell ?? .connectionLost }
        var text: [UInt8] = []
        for header in headers {
            text += header.name.utf8
            text += header.value.utf8
        }
        var provider = nghttp2_data_provider()
        provider.read_callback = readPayload
        let identifier = text.withUnsafeMutableBufferPointer { text in
            var next = text.baseAddress
            var fields: [nghttp2_nv] = []
            for header in headers {
                let value = next.map { $0 + header.name.utf8.count }
                fields.append(
                    nghttp2_nv(
                        name: next, value: value, namelen: header.name.utf8.count, valuelen: header.value.utf8.count,
                        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
                next = value.map { $0 + header.value.utf8.count }
            }
            return nghttp2_submit_request(session, nil, fields, fields.count, &provider, nil)
        }
        guard identifier > 0 else { throw .library(reason: String(cString: nghttp2_strerror(identifier))) }
        state.identifier = identifier
        streams[identifier] = state
    }

    /// There is something to send on a stream again.
    func resume(_ state: StreamState) {
        // Refused where the library hasn't asked for anything yet; then it will.
        _ = nghttp2_session_resume_data(session, state.identifier)
    }

    func consume(_ count: Int, of state: StreamState) {
        // Only fails for want of memory, or on a stream that is closed and needs no window.
        _ = nghttp2_session_consume(session, state.identifier, count)
    }

    func abandon(_ state: StreamState) {
        consume(state.received.count, of: state)
        state.received = []
        state.isAbandoned = true
        guard state.closeCode == nil, state.identifier > 0, !(state.isComplete && state.isEnding) else { return }
        _ = nghttp2_submit_rst_stream(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), state.identifier, NGHTTP2_CANCEL.rawValue)
    }

    /// Puts frames into the outbox, until it is full or there are no more.
    func frame() throws(HTTP2Error) {
        while !outbox.isFull {
            var bytes: UnsafePointer<UInt8>?
            let before = outbox.count
            let count = nghttp2_session_mem_send(session, &bytes)
            guard count >= 0 else { throw .library(reason: String(cString: nghttp2_strerror(Int32(count)))) }
            // Payloads get there by `sendPayload` and count nothing here.
            outbox.append(copying: UnsafeRawBufferPointer(start: bytes, count: count))
            if outbox.count == before { return }
        }
    }

    /// Takes what the other side has sent.
    func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let count = nghttp2_session_mem_recv(session, start, bytes.count)
        guard count >= 0 else {
            throw .protocolViolation(reason: complaint ?? String(cString: nghttp2_strerror(Int32(count))))
        }
    }

    private func check(_ code: Int32) throws(HTTP2Error) {
        guard code == 0 else { throw .library(reason: String(cString: nghttp2_strerror(code))) }
    }
}

// MARK: what the library calls

extension Session {
    func stream(_ identifier: Int32) -> StreamState? { streams[identifier] }

    /// A header section begins: the response's, an informational one before it, or the trailers'.
    func headersBegin(_ identifier: Int32) {
        guard let state = streams[identifier] else { return }
        if state.headers.first?.value.hasPrefix("1") == true { state.headers = [] }
        state.isReadingTrailers = !state.headers.isEmpty
    }

    /// `false` where there are too many of them.
    func header(_ identifier: Int32, _ header: HTTP2Header) -> Bool {
        guard let state = streams[identifier] else { return true }
        state.headerBytes += header.name.utf8.count + header.value.utf8.count
        guard state.headerBytes <= Self.headerLimit else { return false }
        if state.isReadingTrailers { state.trailers.append(header) } else { state.headers.append(header) }
        return true
    }

    func headersEnd(_ identifier: Int32) {
        guard let state = streams[identifier] else { return }
        state.areHeadersComplete = state.headers.first?.value.hasPrefix("1") == false
    }

    func data(_ identifier: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let state = streams[identifier] else { return }
        if state.isAbandoned { consume(bytes.count, of: state) } else { state.received.append(contentsOf: bytes) }
    }

    func responseEnds(_ identifier: Int32) { streams[identifier]?.isComplete = true }

    func closed(_ identifier: Int32, code: UInt32) {
        streams[identifier]?.closeCode = code
        streams[identifier] = nil
    }

    func goAway(code: UInt32, reason: String) { farewell = .goingAway(code: code, reason: reason) }

    func complain(_ reason: String) { complaint = complaint ?? reason }
}
