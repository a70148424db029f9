internal import CNghttp2

/// Registers the functions below; each finds its ``Session`` in the library's user data.
func setCallbacks(_ callbacks: OpaquePointer) {
    nghttp2_session_callbacks_set_send_data_callback(callbacks, sendPayload)
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
        if let frame { session(user)?.headersBegin(frame.pointee.hd.stream_id) }
        return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) { _, frame, name, nameCount, value, count, _, user in
        guard let frame, let session = session(user) else { return 0 }
        let header = HTTP2Header(text(name, nameCount), text(value, count))
        return session.header(frame.pointee.hd.stream_id, header)
            ? 0 : Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, identifier, bytes, count, user in
        session(user)?.data(identifier, UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameArrived)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, identifier, code, user in
        session(user)?.closed(identifier, code: code)
        return 0
    }
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, user in
        // A request that was never sent: the connection closes first.
        if let frame, UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue {
            session(user)?.closed(frame.pointee.hd.stream_id, code: NGHTTP2_REFUSED_STREAM.rawValue)
        }
        return 0
    }
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, _, code, user in
        session(user)?.complain(String(cString: nghttp2_strerror(code)))
        return 0
    }
    nghttp2_session_callbacks_set_error_callback2(callbacks) { _, _, message, count, user in
        message?.withMemoryRebound(to: UInt8.self, capacity: count) { session(user)?.complain(text($0, count)) }
        return 0
    }
}

private func session(_ user: UnsafeMutableRawPointer?) -> Session? {
    user.map { Unmanaged<Session>.fromOpaque($0).takeUnretainedValue() }
}

private func text(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> String {
    String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
}

private func frameArrived(
    _: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    guard let frame, let session = session(user) else { return 0 }
    let head = frame.pointee.hd
    switch UInt32(head.type) {
    case NGHTTP2_HEADERS.rawValue: session.headersEnd(head.stream_id)
    case NGHTTP2_DATA.rawValue: break
    case NGHTTP2_GOAWAY.rawValue:
        let farewell = frame.pointee.goaway
        session.goAway(code: farewell.error_code, reason: text(farewell.opaque_data, farewell.opaque_data_len))
        return 0
    default: return 0
    }
    if UInt32(head.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 { session.responseEnds(head.stream_id) }
    return 0
}

/// The library asks how much of a stream's bytes it may frame; it never gets to hold them itself.
func readPayload(
    _: OpaquePointer?, _ identifier: Int32, _: UnsafeMutablePointer<UInt8>?, _ limit: Int,
    _ flags: UnsafeMutablePointer<UInt32>?, _: UnsafeMutablePointer<nghttp2_data_source>?,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let flags, let state = session(user)?.stream(identifier), !state.isAbandoned else {
        return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let count = min(state.unframed, limit)
    if count == 0, !state.isEnding { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
    flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    if state.isEnding, count == state.unframed { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return count
}

/// The library has made a DATA frame's head and wants it sent with `count` bytes.
private func sendPayload(
    _: OpaquePointer?, _ frame: UnsafeMutablePointer<nghttp2_frame>?, _ head: UnsafePointer<UInt8>?, _ count: Int,
    _: UnsafeMutablePointer<nghttp2_data_source>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    guard let frame, let session = session(user), let state = session.stream(frame.pointee.hd.stream_id) else {
        return Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    let frameHeadSize = 9  // RFC 9113, section 4.1
    session.outbox.append(copying: UnsafeRawBufferPointer(start: head, count: frameHeadSize))
    let own = state.head.prefix(count)
    own.withUnsafeBytes { session.outbox.append(copying: $0) }
    state.head = state.head.dropFirst(own.count)
    let theirs = UnsafeRawBufferPointer(rebasing: state.payload.prefix(count - own.count))
    session.outbox.append(borrowing: theirs)
    state.payload = UnsafeRawBufferPointer(rebasing: state.payload.dropFirst(theirs.count))
    return session.outbox.isFull ? Int32(NGHTTP2_ERR_PAUSE.rawValue) : 0
}
