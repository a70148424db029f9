internal import HTTP2
package import SystemPackage
package import Threads

/// A connection to containerd's own API, version 1 of each service, as containerd 1.6 to 2.x speak it.
///
/// Blocking, and the business of one thread: several threads need a connection each. Calls may be nested, as in the
/// body of a write. After an error of the kind `unavailable` make a new one.
package final class ContainerdConnection {
    package let socket: FilePath
    /// What containerd keeps apart; Kubernetes uses `k8s.io`.
    package let namespace: String
    /// Sent with every call while set: what is written or made then belongs to this lease, and isn't collected as
    /// garbage while the lease is there.
    package var lease: String?
    private let http: HTTP2Connection
    private let timeout: Duration
    let cancellation: Cancellation?

    /// How long containerd may take for what flushes to disk or unpacks.
    static let longTimeout = Duration.seconds(3600)
    /// How long to wait for somebody else who writes the same content.
    package var lockPatience = Duration.seconds(30)

    /// Connects to the containerd that listens on `socket`.
    ///
    /// A call throws ``ContainerdError`` where containerd doesn't answer, or doesn't take or send more of a stream, for
    /// `timeout`; and at once when `cancellation` is cancelled. That it is containerd which listens shows with the
    /// first call.
    package init(
        socket: FilePath, namespace: String, cancellation: Cancellation? = nil, timeout: Duration = .seconds(60)
    ) throws(ContainerdError) {
        self.socket = socket
        self.namespace = namespace
        self.cancellation = cancellation
        self.timeout = timeout
        do throws(HTTP2Error) {
            http = try HTTP2Connection(socket: socket, cancellation: cancellation, deadline: .now + timeout)
        } catch {
            // What couldn't be reached, our own error says.
            let reason =
                switch error {
                case .unreachable(_, let errno): "\(errno)"
                case .pathTooLong: "the path of a unix socket has at most 107 bytes"
                default: error.description
                }
            throw ContainerdError(socket: socket, call: nil, kind: .init(error), message: reason)
        }
    }

    /// containerd's process; `nil` where this one can't see it.
    package var daemon: Int32? { http.peer }

    /// The version and the revision of containerd, as it gives them.
    package func version() throws(ContainerdError) -> (version: String, revision: String) {
        try call("containerd.services.version.v1.Version/Version") { _ in
        } reading: { (answer) throws(MalformedMessage) in
            var found = (version: "", revision: "")
            try answer.forEach { (number, value) throws(MalformedMessage) in
                switch number {
                case 1: found.version = try value.string()
                case 2: found.revision = try value.string()
                default: break
                }
            }
            return found
        }
    }

    // MARK: for the services

    /// Begins a call. `timeout` is for each step of it; `isUnary` also tells containerd to give up after it.
    func begin(_ method: String, timeout: Duration? = nil, isUnary: Bool) throws(ContainerdError) -> GRPCCall {
        let timeout = timeout ?? self.timeout
        var headers = [
            HTTP2Header(":method", "POST"), HTTP2Header(":scheme", "http"), HTTP2Header(":path", "/\(method)"),
            HTTP2Header(":authority", "localhost"), HTTP2Header("te", "trailers"),
            HTTP2Header("content-type", "application/grpc"), HTTP2Header("user-agent", "sealift"),
            HTTP2Header("containerd-namespace", namespace),
        ]
        if isUnary { headers.append(HTTP2Header("grpc-timeout", Self.text(of: timeout))) }
        if let lease { headers.append(HTTP2Header("containerd-lease", lease)) }
        func failure(_ kind: ContainerdError.Kind, _ message: String) -> ContainerdError {
            ContainerdError(socket: socket, call: method, kind: kind, message: message)
        }
        for text in [namespace, lease ?? ""] where !text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw failure(.invalidArgument, "\(text.debugDescription) can't name a namespace or a lease")
        }
        do throws(HTTP2Error) {
            return GRPCCall(try http.open(headers), method: method, socket: socket, timeout: timeout)
        } catch {
            throw failure(.init(error), error.description)
        }
    }

    /// A call with one message each way.
    func call<Answer>(
        _ method: String, timeout: Duration? = nil, _ request: (inout ProtobufWriter) -> Void,
        reading answer: (ProtobufMessage) throws(MalformedMessage) -> Answer
    ) throws(ContainerdError) -> Answer {
        let call = try begin(method, timeout: timeout, isUnary: true)
        var message = ProtobufWriter()
        request(&message)
        _ = try call.send(message.bytes, ending: true)
        guard let received = try call.receive() else {
            throw call.failure(MalformedMessage(reason: "it has no message"))
        }
        guard try call.receive() == nil else { throw call.failure(MalformedMessage(reason: "it has two messages")) }
        do throws(MalformedMessage) { return try answer(received) } catch { throw call.failure(error) }
    }

    /// A call whose answer has nothing to say.
    func call(
        _ method: String, timeout: Duration? = nil, _ request: (inout ProtobufWriter) -> Void
    ) throws(ContainerdError) {
        try call(method, timeout: timeout, request) { (_) throws(MalformedMessage) in }
    }

    /// A call with one message there and any number back; `body` returns `false` when it has seen enough.
    func stream(
        _ method: String, _ request: (inout ProtobufWriter) -> Void,
        reading body: (ProtobufMessage) throws(MalformedMessage) -> Bool
    ) throws(ContainerdError) {
        let call = try begin(method, isUnary: false)
        var message = ProtobufWriter()
        request(&message)
        _ = try call.send(message.bytes, ending: true)
        while let received = try call.receive() {
            let goesOn: Bool
            do throws(MalformedMessage) { goesOn = try body(received) } catch { throw call.failure(error) }
            if !goesOn { return }
        }
    }

    /// `nil` where containerd says that there is no such thing.
    func unlessNotFound<Value>(_ body: () throws(ContainerdError) -> Value) throws(ContainerdError) -> Value? {
        do throws(ContainerdError) {
            return try body()
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    /// "Timeout" of the protocol: at most eight digits and a unit.
    private static func text(of timeout: Duration) -> String {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = max(1, min(seconds, 9999) * 1000 + attoseconds / 1_000_000_000_000_000)
        return seconds < 10_000 ? "\(milliseconds)m" : "\(min(seconds, 99_999_999))S"
    }
}
