internal import Glibc

/// Frames on their way to the socket, in order: small ones copied, payloads only pointed at.
struct Outbox: ~Copyable {
    /// The kernel takes at most this many pieces at once (IOV_MAX).
    private static let pieceLimit = 1024

    private struct Piece {
        /// `nil`: the bytes are in `copies`.
        var borrowed: UnsafeRawPointer?
        /// Where in `copies`; an offset and not an address, since `copies` moves when it grows.
        var offset: Int
        var count: Int
    }

    private var copies: [UInt8] = []
    private var pieces: [Piece] = []
    /// The first piece that isn't sent yet.
    private var first = 0
    /// Only to allocate it once.
    private var vectors: [iovec] = []
    /// The bytes that are still to be sent.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Enough for one system call: the library need not frame more before this is sent.
    var isFull: Bool { count >= 1 << 20 || pieces.count >= Self.pieceLimit - 4 }

    mutating func append(copying bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if let last = pieces.indices.last, pieces[last].borrowed == nil {
            pieces[last].count += bytes.count
        } else {
            pieces.append(Piece(borrowed: nil, offset: copies.count, count: bytes.count))
        }
        copies.append(contentsOf: bytes)
        count += bytes.count
    }

    /// The bytes must stay until they are sent, or until `detach()`.
    mutating func append(borrowing bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        pieces.append(Piece(borrowed: base, offset: 0, count: bytes.count))
        count += bytes.count
    }

    /// Copies what is still borrowed: its owner can't wait, and a frame that was begun must be finished.
    mutating func detach() {
        for index in pieces.indices.dropFirst(first) {
            guard let base = pieces[index].borrowed else { continue }
            let offset = copies.count
            copies.append(contentsOf: UnsafeRawBufferPointer(start: base, count: pieces[index].count))
            pieces[index] = Piece(borrowed: nil, offset: offset, count: pieces[index].count)
        }
    }

    mutating func removeAll() {
        copies.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
        first = 0
        count = 0
    }

    /// Sends until all is sent or the socket takes no more.
    mutating func send(to socket: UnixSocket) throws(HTTP2Error) {
        while count > 0 {
            guard let sent = try Self.send(pieces[first...], copies, &vectors, to: socket) else { return }
            advance(by: sent)
        }
        removeAll()
    }

    private static func send(
        _ pieces: ArraySlice<Piece>, _ copies: [UInt8], _ vectors: inout [iovec], to socket: UnixSocket
    ) throws(HTTP2Error) -> Int? {
        let result: Result<Int?, HTTP2Error> = copies.withUnsafeBytes { copied in
            vectors.removeAll(keepingCapacity: true)
            for piece in pieces.prefix(pieceLimit) {
                let base = piece.borrowed ?? copied.baseAddress.map { $0 + piece.offset }
                vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: piece.count))
            }
            return vectors.withUnsafeMutableBufferPointer { vectors in
                do throws(HTTP2Error) { return .success(try socket.send(vectors)) } catch { return .failure(error) }
            }
        }
        return try result.get()
    }

    private mutating func advance(by sent: Int) {
        count -= sent
        var rest = sent
        while rest > 0 {
            let step = min(rest, pieces[first].count)
            pieces[first].borrowed = pieces[first].borrowed.map { $0 + step }
            pieces[first].offset += step
            pieces[first].count -= step
            rest -= step
            if pieces[first].count == 0 { first += 1 }
        }
    }
}
