import OCI

@testable import Containerd
@testable import HTTP2

extension FuzzTarget {
    /// A message of containerd's, as each of those that are read; and a stream of messages.
    static let protobuf = FuzzTarget("protobuf") { input in
        let message = ProtobufMessage(input[...])
        if let descriptor = accepted({ try Descriptor(message) }) {
            var writer = ProtobufWriter()
            descriptor.write(to: &writer)
            let again = accepted { try Descriptor(ProtobufMessage(writer.bytes[...])) }
            try hold(again == descriptor, "a descriptor reads back as it was written")
        }
        if let info = accepted({ try ContentInfo(message) }) {
            try hold(info.size >= 0, "content has no negative size")
        }
        _ = accepted { try IngestStatus(message) }
        _ = accepted { try ImageRecord(message) }
        _ = accepted { try Lease(message) }
        _ = accepted { try SnapshotInfo(message) }
        _ = accepted { try Mount(message) }
        try hold(messages(input, by: input.count) == messages(input, by: 3), "messages are the same in any pieces")
        _ = GRPCStatus([HTTP2Header("grpc-status", text(input)), HTTP2Header("grpc-message", text(input))])
        let status = GRPCStatus([HTTP2Header("grpc-status", "5"), HTTP2Header("grpc-message", text(input))])
        try hold(status?.kind == .notFound, "a status is what its number says")
    }

    /// The messages in a stream that arrives in pieces of `count` bytes, and last what is wrong, if anything.
    private static func messages(_ stream: [UInt8], by count: Int) -> [[UInt8]] {
        var buffer = MessageBuffer()
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: max(1, count)) {
            buffer.append(Array(stream[start...].prefix(max(1, count))))
            do throws(MalformedMessage) {
                while let message = try buffer.next() { found.append(Array(message)) }
            } catch {
                return found + [Array("its head is wrong".utf8)]
            }
        }
        return found
    }

    /// What a server sends on a connection with one call, in pieces; the input's first byte is their size.
    static let http2 = FuzzTarget("http2") { input in
        guard let session = accepted({ try Session(window: 1 << 16) }) else { return }
        let call = StreamState()
        call.head = [1, 2, 3]
        call.isEnding = true
        let request = [
            HTTP2Header(":method", "POST"), HTTP2Header(":scheme", "http"), HTTP2Header(":path", "/x"),
            HTTP2Header(":authority", "localhost"), HTTP2Header("te", "trailers"),
        ]
        _ = accepted { try session.submit(request, call) }
        let step = max(1, Int(input.first ?? 0))
        var rest = input.dropFirst()
        while !rest.isEmpty, session.end == nil {
            let piece = rest.prefix(step)
            rest = rest.dropFirst(step)
            let taken: Void? = accepted { try piece.withUnsafeBytes { try session.receive($0) } }
            guard taken != nil else { break }
            session.consume(call.received.count, of: call)
            try hold(call.received.count <= 1 << 16, "no more arrives than there is a window for")
            try hold(call.headerBytes <= 64 << 10, "headers have an end")
            call.received = []
            _ = accepted { try session.frame() }
            session.outbox.removeAll()
        }
        _ = session.end
        _ = GRPCStatus(call.trailers.isEmpty ? call.headers : call.trailers)
        session.abandon(call)
    }
}
