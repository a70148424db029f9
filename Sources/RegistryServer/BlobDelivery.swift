internal import Frames
internal import NIOCore
internal import OCI
internal import Threads

/// One body on its way out, read piece by piece; a whole blob is digested meanwhile.
///
/// The frames that a piece comes from are checked as they are read; in the end the digest is compared, before the last
/// piece is given away: a client never gets all bytes of something that is wrong.
final class BlobDelivery: @unchecked Sendable {  // one piece is asked for at a time, always of the same thread
    /// A piece, and whether there is more.
    struct Piece: Sendable {
        var buffer: ByteBuffer
        var isLast: Bool
    }

    /// The content that was read is not that of the blob's digest.
    struct WrongContent: Error {
        var expected: Digest
        var found: Digest
    }

    /// What is in memory for each client, twice.
    static let pieceSize: Int64 = 512 << 10

    /// Which of the reading threads does it: the one that has its frame.
    let reader: Int
    private var rest: Range<Int64>
    private let expected: Digest?
    private var hasher: DigestHasher

    init(_ range: Range<Int64>, digest: Digest?, reader: Int) {
        rest = range
        expected = digest
        hasher = DigestHasher(digest?.algorithm ?? .sha256)
        self.reader = reader
    }

    func next(from frames: FrameReader) throws -> Piece {
        let end = min(rest.upperBound, rest.lowerBound + Self.pieceSize)
        let piece = try frames.piece(rest.lowerBound..<end)
        if expected != nil { hasher.update(piece) }
        rest = (rest.lowerBound + Int64(piece.count))..<rest.upperBound
        if rest.isEmpty, let expected {
            let found = hasher.digest()
            guard found == expected else { throw WrongContent(expected: expected, found: found) }
        }
        var buffer = ByteBufferAllocator().buffer(capacity: piece.count)
        buffer.writeBytes(piece)
        return Piece(buffer: buffer, isLast: rest.isEmpty)
    }
}

/// The threads that read the archive, so that no event loop waits for a disk.
final class BlobReaders: Sendable {
    private struct Job: Sendable {
        var delivery: BlobDelivery
        var reply: @Sendable (Result<BlobDelivery.Piece, any Error>) -> Void
    }

    private let queues: [BoundedQueue<Job>]
    private let threads: [OSThread]

    /// Starts `count` threads; at most `clients` deliveries are under way at a time, so that nobody waits for room.
    init(_ file: FramedFile, count: Int, clients: Int) {
        let queues = (0..<count).map { _ in BoundedQueue<Job>(capacity: clients) }
        self.queues = queues
        threads = queues.map { queue in
            OSThread.spawn(name: "read") {
                let frames = FrameReader(file)
                while let job = queue.pop() { job.reply(Result { try job.delivery.next(from: frames) }) }
            }
        }
    }

    var count: Int { queues.count }

    /// Asks for the next piece; `reply` is called on the reading thread, or not at all where everything ends.
    func next(
        of delivery: BlobDelivery, reply: @escaping @Sendable (Result<BlobDelivery.Piece, any Error>) -> Void
    ) {
        queues[delivery.reader % queues.count].push(Job(delivery: delivery, reply: reply))
    }

    /// Ends the threads and waits for them.
    func stop() {
        for queue in queues { queue.close() }
        for thread in threads { thread.join() }
    }
}
