import FoundationEssentials
import Frames
import OCI
import SystemPackage
import TestSupport

/// `count` bytes that are the same for the same count: one seeded stretch, over and over.
func content(_ count: Int) -> Data {
    let stretch = Data(seededBytes(min(count, 70_001), seed: 7))
    var bytes = Data(capacity: count)
    while bytes.count < count { bytes.append(stretch.prefix(count - bytes.count)) }
    return bytes
}

/// Writes a framed file whose pieces are stored each in its own way.
@discardableResult
func writeFramed(
    _ pieces: [(coding: FrameCoding, bytes: Data)], to path: FilePath, workers: Int = 1
) throws -> (digest: Digest, size: Int64) {
    let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
    return try file.closeAfter {
        let writer = try FrameWriter(to: file, at: path, workers: workers)
        for piece in pieces {
            try writer.cut(piece.coding)
            try piece.bytes.withUnsafeBytes { try writer.write($0) }
        }
        return try writer.finish()
    }
}

/// The content of `range`, or all of it.
func readFramed(_ path: FilePath, _ range: Range<Int64>? = nil) throws -> Data {
    let file = try FramedFile(opening: path)
    var bytes = Data()
    try FrameReader(file).read(range ?? 0..<file.contentSize) { bytes.append(contentsOf: $0) }
    return bytes
}
