/// The layout of a framed file, byte by byte.
///
/// A framed file is a sequence of independent Zstandard frames (RFC 8878), one skippable frame with the frames' kinds
/// and digests, and last the seek table of the Zstandard seekable format 0.1.0. Any zstd decoder reads it as one
/// stream. Every frame is written in one canonical form (single segment, content size and checksum present), so that a
/// reader can refuse a file in which any bit at all has changed, also one that a decoder would not look at.
enum FrameFormat {
    /// The most content that one frame holds.
    static let contentLimit = 4 << 20
    /// The most frames that a file has, for 1 TiB of content: a reader keeps all their entries in memory.
    static let frameLimit = 1 << 18
    /// The most content that a block holds (RFC 8878, 3.1.1.2.4).
    static let blockLimit = 128 << 10
    /// log2 of the window: as large as a frame, so that every frame is a single segment.
    static let windowLog: Int32 = 22

    static let frameMagic: UInt32 = 0xFD2F_B528
    /// A skippable frame's magic number, of the sixteen that RFC 8878 leaves to applications.
    static let digestsMagic: UInt32 = 0x184D_2A5D
    static let seekTableMagic: UInt32 = 0x184D_2A5E
    static let seekTableFooterMagic: UInt32 = 0x8F92_EAB1
    static let skippableHeaderSize = 8
    static let seekTableFooterSize = 9
    static let digestsVersion: UInt8 = 1
    static let digestSize = 32
    static let checksumSize = 4

    /// The header of a frame with `count` bytes of content: magic, descriptor, content size (RFC 8878, 3.1.1.1).
    static func header(contentCount count: Int) -> [UInt8] {
        let singleSegmentWithChecksum: UInt8 = 0b0010_0100
        var bytes = littleEndian(frameMagic)
        switch count {
        case ..<256:
            bytes += [singleSegmentWithChecksum, UInt8(count)]
        case ..<(65536 + 256):
            bytes += [singleSegmentWithChecksum | 0b0100_0000] + littleEndian(UInt16(count - 256))
        default:
            bytes += [singleSegmentWithChecksum | 0b1000_0000] + littleEndian(UInt32(count))
        }
        return bytes
    }

    /// The header of a raw block (RFC 8878, 3.1.1.2).
    static func rawBlockHeader(count: Int, isLast: Bool) -> [UInt8] {
        Array(littleEndian(UInt32(count) << 3 | (isLast ? 1 : 0)).prefix(3))
    }

    static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// The little-endian integer at `offset`; the caller has checked that it is inside.
    static func integer<Value: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Value {
        Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    static func integer<Value: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> Value {
        bytes.withUnsafeBytes { integer($0, at: offset) }
    }
}

/// How a frame holds its content.
package enum FrameKind: UInt8, Sendable {
    /// In raw blocks: for what is compressed already.
    case raw = 0
    /// Compressed by zstd.
    case compressed = 1
}

/// One frame of a framed file.
struct FrameEntry: Sendable {
    var kind: FrameKind
    /// Where the frame starts in the file, and how long it is.
    var offset: Int64
    var count: Int
    /// Where its content starts in the decompressed stream, and how long that is.
    var contentOffset: Int64
    var contentCount: Int
    /// The SHA-256 of a compressed frame's own bytes; a raw frame needs none, its form is canonical.
    var digest: [UInt8]?
}
