internal import FoundationEssentials
internal import Frames
internal import Registry
internal import Threads

/// A stretch of an archive's content, read where it stands; every frame that is touched is checked.
final class ArchiveBlob: BlobContent {
    private let reader: Lock<FrameReader>
    private let range: Range<Int64>

    init(_ file: FramedFile, _ range: Range<Int64>) {
        reader = Lock(FrameReader(file))
        self.range = range
    }

    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let start = range.lowerBound + offset
        let end = min(range.upperBound, start + Int64(target.count))
        return try reader.withLock { reader in
            let piece = try reader.piece(start..<end)
            target.copyMemory(from: piece)
            return piece.count
        }
    }
}

/// Bytes that are at hand.
struct SmallBlob: BlobContent {
    let bytes: Data

    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int {
        let piece = bytes.dropFirst(Int(offset)).prefix(target.count)
        target.copyBytes(from: piece)
        return piece.count
    }
}
