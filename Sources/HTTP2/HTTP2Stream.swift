/// A header field; the name is in lower case.
package struct HTTP2Header: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a session knows of a stream, for as long as either side of it is open or somebody reads from it.
final class StreamState {
    /// RFC 9113, section 5.1.1; negative until the session has given it.
    var identifier: Int32 = -1

    // MARK: what we send

    /// Bytes that are not in a frame yet: first our own, then the caller's, which stay his.
    var head: ArraySlice<UInt8> = []
    var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Nothing follows after `head` and `payload`.
    var isEnding = false

    var unframed: Int { head.count + payload.count }

    // MARK: what we receive

    var headers: [HTTP2Header] = []
    var trailers: [HTTP2Header] = []
    var headerBytes = 0
    /// The header section that is being read is the trailer's.
    var isReadingTrailers = false
    var areHeadersComplete = false
    /// What has arrived and was not taken yet.
    var received: [UInt8] = []
    /// The other side has sent all that it will.
    var isComplete = false
    /// The stream is no more; why, as in RFC 9113, section 7.
    var closeCode: UInt32?
    /// Nobody reads from it any more.
    var isAbandoned = false

    func dropOutgoing() {
        head = []
        payload = UnsafeRawBufferPointer(start: nil, count: 0)
    }
}

/// One exchange on a connection: a request that may go on while its response arrives.
///
/// Belongs to the thread of its connection. Ends the stream (`RST_STREAM`) when it is dropped before the exchange is
/// over.
package final class HTTP2Stream {
    private let connection: HTTP2Connection
    private let state: StreamState

    init(_ state: StreamState, on connection: HTTP2Connection) {
        self.state = state
        self.connection = connection
    }

    deinit { connection.abandon(state) }

    /// The response's header fields, `:status` among them; empty until ``receiveHeaders(deadline:)``.
    package var headers: [HTTP2Header] { state.headers }

    /// The fields after the response's body; complete once ``receive(deadline:)`` has returned `nil`.
    package var trailers: [HTTP2Header] { state.trailers }

    /// Sends `head` and `payload` as DATA, and blocks until the socket has taken them; `payload` is not copied.
    ///
    /// With `ending` nothing may follow (`END_STREAM`). Throws at the deadline, on cancellation and when the connection
    /// is lost; the stream is then of no use any more. Returns `false`, and need not have sent anything, after the end,
    /// and when the other side wants no more, because it has answered or ended the stream; what it has to say is there
    /// to be received.
    package func send(
        _ head: [UInt8], _ payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        ending: Bool, deadline: ContinuousClock.Instant
    ) throws(HTTP2Error) -> Bool {
        guard !state.isEnding else { return false }
        state.head = head[...]
        state.payload = payload
        state.isEnding = ending
        return try connection.send(state, deadline: deadline)
    }

    /// Blocks until the response's header fields are there.
    package func receiveHeaders(deadline: ContinuousClock.Instant) throws(HTTP2Error) {
        if state.areHeadersComplete { return }
        try connection.pump(deadline: deadline) { [state] in state.areHeadersComplete || state.closeCode != nil }
        if !state.areHeadersComplete { throw .reset(code: state.closeCode ?? 0) }
    }

    /// The next bytes of the response's body, as many as have arrived but at least one; `nil` at its end.
    ///
    /// Throws ``HTTP2Error/reset(code:)`` when the stream ends before the body does.
    package func receive(deadline: ContinuousClock.Instant) throws(HTTP2Error) -> [UInt8]? {
        try connection.pump(deadline: deadline) { [state] in
            !state.received.isEmpty || state.isComplete || state.closeCode != nil
        }
        return try takeReceived()
    }

    /// What has arrived of the response's body, without waiting for more; empty where nothing has.
    package func receiveAvailable() throws(HTTP2Error) -> [UInt8] {
        try? connection.exchange()  // the connection keeps its failure, for when we must wait for more
        return state.received.isEmpty ? [] : try takeReceived() ?? []
    }

    /// Whether the response is over, or the stream is.
    package var isOver: Bool { state.isComplete || state.closeCode != nil }

    private func takeReceived() throws(HTTP2Error) -> [UInt8]? {
        if state.received.isEmpty {
            guard state.isComplete else { throw .reset(code: state.closeCode ?? 0) }
            return nil
        }
        let bytes = state.received
        state.received = []
        connection.consumed(bytes.count, of: state)
        return bytes
    }
}
