internal import Glibc
package import SystemPackage
package import Threads

/// A connection to an HTTP/2 server on a unix socket, without TLS and with prior knowledge (RFC 9113, section 3.3).
///
/// Blocking, and the business of one thread: every call does its own reading and writing, on all streams. What arrives
/// for a stream that nobody reads from waits, at most ``window`` bytes of it; then the server must.
package final class HTTP2Connection {
    /// How many bytes a server may send on a stream before we take them.
    package static let window = 4 << 20

    private let socket: UnixSocket
    private let session: Session
    private let cancellation: Cancellation?
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    /// Once set, nothing works any more.
    private var failure: HTTP2Error?
    /// The other side reads no more; what it has sent can still be read.
    private var isWriteClosed = false

    /// Connects to the server that listens at `path`; it need not have accepted when this returns.
    package convenience init(
        socket path: FilePath, cancellation: Cancellation? = nil, deadline: ContinuousClock.Instant
    ) throws(HTTP2Error) {
        try self.init(
            UnixSocket(connecting: path, cancellation: cancellation, deadline: deadline), cancellation)
    }

    /// Takes over a connected stream socket.
    package convenience init(owning descriptor: CInt, cancellation: Cancellation? = nil) throws(HTTP2Error) {
        try self.init(UnixSocket(owning: descriptor), cancellation)
    }

    private init(_ socket: UnixSocket, _ cancellation: Cancellation?) throws(HTTP2Error) {
        self.socket = socket
        self.cancellation = cancellation
        session = try Session(window: Self.window)
    }

    deinit {
        session.terminate()
        // A farewell that needs no answer: whoever closes early or is slow only misses it.
        try? writeWhatGoes()
        input.deallocate()
    }

    /// Whether no further stream can be opened: the connection is lost, or the server wants to close it.
    package var isSpent: Bool { failure != nil || !session.takesRequests }

    /// The process that listens at the other end; `nil` where this one can't see it.
    package var peer: Int32? { socket.peer }

    /// Begins an exchange; nothing is sent before the stream's first call.
    ///
    /// `headers` are the request's fields, the pseudo fields (`:method` …) first.
    package func open(_ headers: [HTTP2Header]) throws(HTTP2Error) -> HTTP2Stream {
        if let failure { throw failure }
        let state = StreamState()
        try session.submit(headers, state)
        return HTTP2Stream(state, on: self)
    }

    // MARK: for the streams

    func send(_ state: StreamState, deadline: ContinuousClock.Instant) throws(HTTP2Error) -> Bool {
        session.resume(state)
        do throws(HTTP2Error) {
            try pump(deadline: deadline) { [session] in
                (state.unframed == 0 && session.outbox.isEmpty) || state.isComplete || state.closeCode != nil
            }
        } catch {
            abandonPayload(of: state)
            throw error
        }
        if state.unframed == 0, session.outbox.isEmpty { return true }
        abandonPayload(of: state)
        return false
    }

    /// Lets the server send as many bytes more.
    func consumed(_ count: Int, of state: StreamState) { session.consume(count, of: state) }

    /// Ends a stream that nobody holds any more.
    func abandon(_ state: StreamState) {
        abandonPayload(of: state)
        session.abandon(state)
    }

    /// The caller takes his payload back: what is in a frame already is copied, the rest is never sent.
    private func abandonPayload(of state: StreamState) {
        state.dropOutgoing()
        session.outbox.detach()
    }

    /// Reads and writes until `isDone`; throws at the deadline, on cancellation, and when the connection is lost.
    func pump(deadline: ContinuousClock.Instant, until isDone: () -> Bool) throws(HTTP2Error) {
        while true {
            if cancellation?.isCancelled == true { throw .cancelled }
            try? exchange()  // it keeps its failure, and what came before that may be all we wait for
            if isDone() { return }
            if let failure { throw failure }
            try socket.wait(forWriting: !session.outbox.isEmpty, cancellation, deadline: deadline)
        }
    }

    /// Reads and writes what goes without waiting.
    func exchange() throws(HTTP2Error) {
        if let failure { throw failure }
        do throws(HTTP2Error) {
            try writeWhatGoes()
            try readOnce()
            // What came in may call for an answer, or have opened a window.
            try writeWhatGoes()
            if let end = session.end { throw end }
        } catch {
            failure = error
            throw error
        }
    }

    private func writeWhatGoes() throws(HTTP2Error) {
        while !isWriteClosed {
            if session.outbox.isEmpty { try session.frame() }
            if session.outbox.isEmpty { return }
            do throws(HTTP2Error) {
                try session.outbox.send(to: socket)
            } catch .connectionLost {
                // Its last words, an answer or the reason for closing, may still wait to be read.
                isWriteClosed = true
                session.outbox.removeAll()
            }
            if !session.outbox.isEmpty { return }
        }
    }

    private func readOnce() throws(HTTP2Error) {
        guard let count = try socket.receive(into: input) else { return }
        guard count > 0 else { throw session.farewell ?? .connectionLost }
        try session.receive(UnsafeRawBufferPointer(rebasing: input[..<count]))
    }
}
