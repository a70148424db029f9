internal import OCI

/// Writes the bytes of one blob, one after the other, within ``ContainerdConnection/write(_:reference:labels:body:)``.
package final class ContentWriter {
    /// One megabyte a message: what containerd spends on a message is then nothing next to its bytes.
    private static let messageSize = 1 << 20

    private enum Action: Int64 {
        case stat, write, commit
    }

    private let call: GRPCCall
    private let descriptor: Descriptor
    /// How many bytes of the blob are written; at first, those that an earlier, interrupted write has left. The next
    /// byte to be written is the one at this offset.
    package private(set) var offset: Int64 = 0

    /// Opens the write `reference`; throws `alreadyExists` where the blob is there, and `locked` where somebody else
    /// writes `reference`.
    init(_ call: GRPCCall, _ descriptor: Descriptor, reference: String) throws(ContainerdError) {
        self.call = call
        self.descriptor = descriptor
        var request = ProtobufWriter()
        request.add(1, Action.stat.rawValue)
        request.add(2, reference)
        request.add(3, descriptor.size)
        request.add(4, descriptor.digest.description)
        _ = try call.send(request.bytes, ending: false)
        do throws(ContainerdError) {
            guard let answer = try call.receive() else { throw endedEarly }
            offset = try Self.offset(answer, of: call)
        } catch {
            // The one reason for which containerd gives this status here: the reference is locked.
            guard error.kind == .unavailable, call.status != nil else { throw error }
            throw call.failure(.locked, error.message)
        }
    }

    /// Writes the next bytes, any number of them; they are not copied, and are containerd's when this returns.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(ContainerdError) {
        guard Int64(bytes.count) <= descriptor.size - offset else {
            throw call.failure(
                .contentMismatch, "more than the \(descriptor.size) bytes of \(descriptor.digest) to be written")
        }
        var rest = bytes
        while !rest.isEmpty {
            let payload = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.messageSize))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(payload.count))
            var request = ProtobufWriter()
            request.add(1, Action.write.rawValue)
            request.add(5, offset)
            request.addHead(6, count: payload.count)
            // containerd answers each message. Nobody waits for that, or it and we would work by turns.
            guard try call.send(request.bytes, payload: payload, ending: false), try !call.dropArrived() else {
                while try call.receive() != nil {}
                throw endedEarly
            }
            offset += Int64(payload.count)
        }
    }

    /// Makes what was written a blob, where it has the announced size and digest.
    func commit(labels: [String: String]) throws(ContainerdError) {
        var request = ProtobufWriter()
        request.add(1, Action.commit.rawValue)
        request.add(3, descriptor.size)
        request.add(4, descriptor.digest.description)
        request.add(5, offset)
        request.add(7, labels)
        // containerd flushes the blob to the disk before it answers.
        call.timeout = ContainerdConnection.longTimeout
        _ = try call.send(request.bytes, ending: true)
        var last: ProtobufMessage?
        do throws(ContainerdError) {
            while let answer = try call.receive() { last = answer }
        } catch {
            guard error.kind == .failedPrecondition else { throw error }
            throw call.failure(.contentMismatch, error.message)
        }
        guard let last, try Self.offset(last, of: call) == descriptor.size else { throw endedEarly }
    }

    /// Ends the call without a commit, so that containerd lets go of the reference.
    func close() throws(ContainerdError) {
        try call.finishSending()
        while try call.receive() != nil {}
    }

    private var endedEarly: ContainerdError {
        call.failure(MalformedMessage(reason: "it ends before everything is written"))
    }

    private static func offset(_ answer: ProtobufMessage, of call: GRPCCall) throws(ContainerdError) -> Int64 {
        var offset: Int64 = 0
        do throws(MalformedMessage) {
            try answer.forEach { (number, value) throws(MalformedMessage) in
                if number == 4 { offset = try value.integer() }
            }
            guard offset >= 0 else { throw MalformedMessage(reason: "it has the offset \(offset)") }
        } catch {
            throw call.failure(error)
        }
        return offset
    }
}
