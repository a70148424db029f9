internal import FoundationEssentials
internal import Frames
internal import Layers
internal import OCI
internal import Threads

/// A layer on its way from the archive to two places: containerd, in whole pieces, and who unpacks it, as it asks.
final class LayerFeed: ByteSource {
    private let layer: Digest
    private let source: BlobSource
    private let reader: FrameReader
    private let cancellation: Cancellation
    private let send: (UnsafeRawBufferPointer, Int64) throws -> Void
    private var offset: Int64 = 0
    /// What was sent and not yet asked for.
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What ended the reading, other than the layer's end: not the fault of who unpacks.
    private(set) var failure: (any Error)?

    /// `send` is called with each piece and its offset in the layer, before it is unpacked.
    init(
        _ layer: Digest, of source: BlobSource, with reader: FrameReader, cancellation: Cancellation,
        send: @escaping (UnsafeRawBufferPointer, Int64) throws -> Void
    ) {
        self.layer = layer
        self.source = source
        self.reader = reader
        self.cancellation = cancellation
        self.send = send
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        do {
            if rest.isEmpty { try advance() }
        } catch {
            failure = error
            throw ReadFault("\(error)")
        }
        let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(target.count))
        target.copyMemory(from: piece)
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        return piece.count
    }

    /// Sends what nobody has asked for; throws what ended the reading before.
    func finish() throws {
        if let failure { throw failure }
        repeat { try advance() } while !rest.isEmpty
    }

    private func advance() throws {
        if cancellation.isCancelled { throw CancellationError() }
        rest = try source.piece(layer, at: offset, with: reader)
        if !rest.isEmpty { try send(rest, offset) }
        offset += Int64(rest.count)
    }
}
