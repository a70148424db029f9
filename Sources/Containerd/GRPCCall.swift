internal import HTTP2
internal import SystemPackage

/// One call: messages out, messages in, and in the end a status. Errors know which call they are of.
final class GRPCCall {
    private let stream: HTTP2Stream
    private let socket: FilePath
    let method: String
    private var buffer = MessageBuffer()
    private var isHeadChecked = false
    /// How long the server may take for the next step.
    var timeout: Duration
    /// What the server said in the end; `nil` where it didn't get that far.
    private(set) var status: GRPCStatus?

    init(_ stream: HTTP2Stream, method: String, socket: FilePath, timeout: Duration) {
        self.stream = stream
        self.method = method
        self.socket = socket
        self.timeout = timeout
    }

    /// Sends a message that consists of `message` and, as the data of its last field, `payload`, which isn't copied.
    ///
    /// `false` when the server wants no more; why, `receive()` tells.
    func send(
        _ message: [UInt8], payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0), ending: Bool
    ) throws(ContainerdError) -> Bool {
        let count = message.count + payload.count
        guard count <= MessageBuffer.messageLimit else {
            throw failure(.tooLarge, "the request has \(count) bytes; at most \(MessageBuffer.messageLimit) are sent")
        }
        return try send(bytes: MessageBuffer.head(count) + message, payload, ending: ending)
    }

    /// Says that no more messages follow.
    func finishSending() throws(ContainerdError) {
        _ = try send(bytes: [], UnsafeRawBufferPointer(start: nil, count: 0), ending: true)
    }

    private func send(
        bytes: [UInt8], _ payload: UnsafeRawBufferPointer, ending: Bool
    ) throws(ContainerdError) -> Bool {
        do throws(HTTP2Error) {
            return try stream.send(bytes, payload, ending: ending, deadline: .now + timeout)
        } catch {
            throw failure(error)
        }
    }

    /// The next message; `nil` once the call has ended well. Throws the status with which it has ended otherwise.
    func receive() throws(ContainerdError) -> ProtobufMessage? {
        while true {
            do throws(MalformedMessage) {
                if let message = try buffer.next() { return ProtobufMessage(message) }
            } catch {
                throw failure(error)
            }
            guard let bytes = try receiveBytes() else { break }
            buffer.append(bytes)
        }
        guard !buffer.isInsideMessage else { throw failure(MalformedMessage(reason: "it ends inside a message")) }
        guard let status = GRPCStatus(stream.trailers.isEmpty ? stream.headers : stream.trailers) else {
            throw failure(MalformedMessage(reason: "it has no status"))
        }
        self.status = status
        guard status.code == 0 else { throw failure(status.kind, status.message) }
        return nil
    }

    /// Takes and forgets the messages that have arrived, without waiting; `true` when the server is done with the call.
    func dropArrived() throws(ContainerdError) -> Bool {
        do {
            buffer.append(try stream.receiveAvailable())
            while try buffer.next() != nil {}
        } catch let error as MalformedMessage {
            throw failure(error)
        } catch let error as HTTP2Error {
            throw failure(error)
        } catch {
            throw failure(.other(code: 13), "\(error)")
        }
        return stream.isOver
    }

    private func receiveBytes() throws(ContainerdError) -> [UInt8]? {
        let deadline = ContinuousClock.now + timeout
        do throws(HTTP2Error) { try stream.receiveHeaders(deadline: deadline) } catch { throw failure(error) }
        if let fault = headFault() { throw failure(fault.kind, fault.reason) }
        do throws(HTTP2Error) { return try stream.receive(deadline: deadline) } catch { throw failure(error) }
    }

    /// What is wrong with the response's head, if anything.
    private func headFault() -> (kind: ContainerdError.Kind, reason: String)? {
        guard !isHeadChecked else { return nil }
        isHeadChecked = true
        let status = stream.headers.first { $0.name == ":status" }?.value ?? ""
        guard status == "200" else { return (.init(httpStatus: status), "it answers with HTTP status \(status)") }
        let type = stream.headers.first { $0.name == "content-type" }?.value ?? ""
        guard type.hasPrefix("application/grpc") else {
            return (.notContainerd, "it answers with content of type '\(type)' and not with gRPC")
        }
        return nil
    }

    func failure(_ error: MalformedMessage) -> ContainerdError {
        failure(.notContainerd, "its answer can't be read: \(error.reason)")
    }

    private func failure(_ error: HTTP2Error) -> ContainerdError { failure(.init(error), error.description) }

    func failure(_ kind: ContainerdError.Kind, _ message: String) -> ContainerdError {
        ContainerdError(socket: socket, call: method, kind: kind, message: message)
    }
}
