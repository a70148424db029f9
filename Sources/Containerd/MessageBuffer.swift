/// Cuts a stream of bytes into gRPC messages: a flag, four bytes of length, the message.
struct MessageBuffer {
    /// What neither containerd nor we send or take more than.
    static let messageLimit = 16 << 20
    static let headSize = 5

    private var bytes: [UInt8] = []
    /// Where the next message begins.
    private var start = 0

    /// Whether there is a message that has only begun.
    var isInsideMessage: Bool { start < bytes.count }

    mutating func append(_ more: [UInt8]) {
        if start == bytes.count {
            bytes = more
        } else {
            bytes.removeFirst(start)
            bytes += more
        }
        start = 0
    }

    /// The next whole message; `nil` until it is there.
    mutating func next() throws(MalformedMessage) -> ArraySlice<UInt8>? {
        guard bytes.count - start >= Self.headSize else { return nil }
        guard bytes[start] == 0 else {
            throw MalformedMessage(reason: "the message is compressed, which nobody asked for")
        }
        let count = bytes[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
        guard count <= Self.messageLimit else {
            throw MalformedMessage(reason: "the message has \(count) bytes; at most \(Self.messageLimit) are read")
        }
        let end = start + Self.headSize + count
        guard bytes.count >= end else { return nil }
        defer { start = end }
        return bytes[(start + Self.headSize)..<end]
    }

    /// The five bytes before a message of `count` bytes.
    static func head(_ count: Int) -> [UInt8] {
        [0] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}
