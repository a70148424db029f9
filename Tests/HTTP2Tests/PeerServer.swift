import CNghttp2
import Glibc
import HTTP2
import TestSupport
import Threads

/// An HTTP/2 server made of libnghttp2's other half. What it does with a request, the path says.
final class PeerServer {
    /// What the server does with a request.
    enum Path: String {
        /// Sends back what it gets, and in the trailers the number of bytes.
        case echo = "/echo"
        /// Answers with the trailers at once, and has no use for the request's body.
        case trailersOnly = "/trailers-only"
        /// Sends the whole answer before the request is over, then ends the stream without an error.
        case early = "/early"
        /// Begins an answer, then ends the stream with INTERNAL_ERROR.
        case reset = "/reset"
        /// Takes as much as the window has room for, and neither takes more nor answers.
        case stall = "/stall"
        /// Reads nothing until the gate is open.
        case hold = "/hold"
        /// As `echo`, but says goodbye before it answers.
        case goAway = "/go-away"
        /// Refuses the request with a GOAWAY that says it was never looked at.
        case refuse = "/refuse"
        /// Begins an answer and closes the connection.
        case hangUp = "/hang-up"
        /// Answers with more header fields than anybody takes.
        case manyHeaders = "/many-headers"
        /// Answers with 24 MiB of zeros, however little was asked.
        case large = "/large"
        /// Sends an informational response first.
        case informs = "/informs"
    }

    fileprivate final class Exchange {
        var path: Path?
        var received = 0
        var answer: [UInt8] = []
        var sent = 0
        var isRequestComplete = false
        /// Whether an answer is under way.
        var isAnswering = false
    }

    fileprivate var exchanges: [Int32: Exchange] = [:]
    fileprivate var session: OpaquePointer?
    fileprivate var hangsUp = false
    private let descriptor: CInt
    private let gate: Monitor<Bool>?
    /// Whether all bytes that came for `hold` were 1.
    private var heldWereOnes = true

    /// Serves one connection on a thread of its own, and returns the client's end. `window` is what a stream may send
    /// before the server has taken it; at `gate` waits who holds.
    static func start(window: UInt32 = 65535, gate: Monitor<Bool>? = nil) -> CInt {
        let (client, server) = TestSocket.pair()
        OSThread.spawn(name: "peer-server") { PeerServer(server, window, gate).run() }
        return client
    }

    private init(_ descriptor: CInt, _ window: UInt32, _ gate: Monitor<Bool>?) {
        self.descriptor = descriptor
        self.gate = gate
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_option_new(&options)
        nghttp2_option_set_no_auto_window_update(options, 1)
        setServerCallbacks(callbacks)
        nghttp2_session_server_new2(&session, callbacks, Unmanaged.passUnretained(self).toOpaque(), options)
        nghttp2_session_callbacks_del(callbacks)
        nghttp2_option_del(options)
        let settings = nghttp2_settings_entry(
            settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: window)
        nghttp2_submit_settings(session, 0, [settings], 1)
        nghttp2_session_set_local_window_size(session, 0, 0, max(65535, Int32(window)))
    }

    deinit {
        nghttp2_session_del(session)
        close(descriptor)
    }

    private func run() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while flush(), !hangsUp {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0, nghttp2_session_mem_recv(session, buffer, count) == count else { return }
        }
    }

    private func flush() -> Bool {
        while true {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &bytes)
            guard count > 0 else { return count == 0 }
            guard send(descriptor, bytes, count, CInt(MSG_NOSIGNAL)) == count else { return false }
        }
    }

    // MARK: what happens on a stream

    fileprivate func begins(_ identifier: Int32) {
        guard let exchange = exchanges[identifier] else { return }
        switch exchange.path {
        case .trailersOnly:
            respond(identifier, ["grpc-status": "5", "grpc-message": "no such thing"])
        case .early:
            exchange.answer = Array("early".utf8)
            answer(identifier)
        case .reset:
            header(identifier, [":status": "200"])
            nghttp2_submit_rst_stream(session, 0, identifier, NGHTTP2_INTERNAL_ERROR.rawValue)
        case .refuse:
            nghttp2_submit_goaway(session, 0, 0, NGHTTP2_NO_ERROR.rawValue, "maintenance", 11)
        case .hangUp:
            header(identifier, [":status": "200"])
            hangsUp = true
        case .manyHeaders:
            let long = String(repeating: "x", count: 15_000)
            respond(identifier, Dictionary(uniqueKeysWithValues: (0..<4).map { ("h\($0)", long) }))
        case .informs:
            header(identifier, [":status": "103"])
        case .hold:
            gate?.wait {
                $0
            } then: { _ in
            }
        default: break
        }
    }

    fileprivate func receives(_ identifier: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let exchange = exchanges[identifier], exchange.path != .stall else { return }
        exchange.received += bytes.count
        if exchange.path == .echo || exchange.path == .goAway { exchange.answer += bytes }
        if exchange.path == .hold, bytes.contains(where: { $0 != 1 }) { heldWereOnes = false }
        nghttp2_session_consume(session, identifier, bytes.count)
    }

    fileprivate func requestEnds(_ identifier: Int32) {
        guard let exchange = exchanges[identifier] else { return }
        exchange.isRequestComplete = true
        switch exchange.path {
        case .goAway:
            nghttp2_submit_goaway(session, 0, identifier, NGHTTP2_NO_ERROR.rawValue, "maintenance", 11)
            answer(identifier)
        case .large:
            exchange.answer = [UInt8](repeating: 0, count: 24 << 20)
            answer(identifier)
        case .echo, .informs: answer(identifier)
        default: break
        }
    }

    private func answer(_ identifier: Int32) {
        guard let exchange = exchanges[identifier], !exchange.isAnswering else { return }
        exchange.isAnswering = true
        var provider = nghttp2_data_provider()
        provider.read_callback = readAnswer
        withFields([":status": "200", "content-type": "application/grpc"]) { fields, count in
            _ = nghttp2_submit_response(session, identifier, fields, count, &provider)
        }
    }

    fileprivate func answerEnds(_ identifier: Int32) {
        guard let exchange = exchanges[identifier] else { return }
        let fields = ["grpc-status": "0", "count": "\(exchange.received)", "held-were-ones": "\(heldWereOnes)"]
        withFields(fields) { fields, count in
            _ = nghttp2_submit_trailer(session, identifier, fields, count)
        }
    }

    /// After the last frame of an answer: what gRPC servers do to a request that goes on all the same.
    fileprivate func answerSent(_ identifier: Int32) {
        guard let exchange = exchanges[identifier], !exchange.isRequestComplete else { return }
        nghttp2_submit_rst_stream(session, 0, identifier, NGHTTP2_NO_ERROR.rawValue)
    }

    private func header(_ identifier: Int32, _ fields: [String: String]) {
        withFields(fields) { fields, count in
            _ = nghttp2_submit_headers(session, 0, identifier, nil, fields, count, nil)
        }
    }

    private func respond(_ identifier: Int32, _ fields: [String: String]) {
        let all = fields.merging([":status": "200", "content-type": "application/grpc"]) { $1 }
        withFields(all) { fields, count in
            _ = nghttp2_submit_response(session, identifier, fields, count, nil)
        }
    }

    /// Pseudo fields sort before all others.
    private func withFields(_ fields: [String: String], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Void) {
        var strings: [UnsafeMutablePointer<CChar>?] = []
        defer { strings.forEach { free($0) } }
        let values = fields.sorted { $0.key < $1.key }.map { name, value in
            let (first, second) = (strdup(name), strdup(value))
            strings += [first, second]
            return nghttp2_nv(
                name: UnsafeMutableRawPointer(first)?.assumingMemoryBound(to: UInt8.self),
                value: UnsafeMutableRawPointer(second)?.assumingMemoryBound(to: UInt8.self),
                namelen: name.utf8.count, valuelen: value.utf8.count, flags: 0)
        }
        values.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
}

private func peer(_ user: UnsafeMutableRawPointer?) -> PeerServer? {
    user.map { Unmanaged<PeerServer>.fromOpaque($0).takeUnretainedValue() }
}

private func setServerCallbacks(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
        if let frame { peer(user)?.exchanges[frame.pointee.hd.stream_id] = PeerServer.Exchange() }
        return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) { _, frame, name, nameCount, value, count, _, user in
        let name = String(decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self)
        let value = String(decoding: UnsafeBufferPointer(start: value, count: count), as: UTF8.self)
        if name == ":path", let frame {
            peer(user)?.exchanges[frame.pointee.hd.stream_id]?.path = PeerServer.Path(rawValue: value)
        }
        return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, identifier, bytes, count, user in
        peer(user)?.receives(identifier, UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
        guard let head = frame?.pointee.hd, let peer = peer(user) else { return 0 }
        if UInt32(head.type) == NGHTTP2_HEADERS.rawValue { peer.begins(head.stream_id) }
        let isData = UInt32(head.type) == NGHTTP2_HEADERS.rawValue || UInt32(head.type) == NGHTTP2_DATA.rawValue
        if isData, UInt32(head.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 { peer.requestEnds(head.stream_id) }
        return 0
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
        guard let head = frame?.pointee.hd else { return 0 }
        if UInt32(head.type) == NGHTTP2_HEADERS.rawValue,
            UInt32(head.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        {
            peer(user)?.answerSent(head.stream_id)
        }
        return 0
    }
}

private func readAnswer(
    _: OpaquePointer?, _ identifier: Int32, _ target: UnsafeMutablePointer<UInt8>?, _ limit: Int,
    _ flags: UnsafeMutablePointer<UInt32>?, _: UnsafeMutablePointer<nghttp2_data_source>?,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let peer = peer(user), let exchange = peer.exchanges[identifier], let target, let flags else { return 0 }
    let count = min(limit, exchange.answer.count - exchange.sent)
    exchange.answer.withUnsafeBytes { answer in
        let part = UnsafeRawBufferPointer(rebasing: answer[exchange.sent..<(exchange.sent + count)])
        UnsafeMutableRawBufferPointer(start: target, count: count).copyMemory(from: part)
    }
    exchange.sent += count
    if exchange.sent == exchange.answer.count {
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        peer.answerEnds(identifier)
    }
    return count
}
