package import BundleFormat
internal import Frames
package import OCI

/// How large layers become when they are unpacked, estimated from their first and last bytes.
///
/// gzip ends with the length of its content (RFC 1952, 2.3.1, modulo 2^32), a zstd frame may begin with it (RFC 8878,
/// 3.1.1.1). Where neither says anything believable, three times the compressed size is taken.
package enum UnpackedSize {
    /// The first bytes that ``estimate(size:first:last:)`` wants: the largest zstd frame header.
    static let firstCount = 18
    /// The last bytes that it wants: gzip's length.
    static let lastCount = 4
    /// What images of the usual kind shrink to a third of.
    static let usualFactor: Int64 = 3

    /// The bytes of all of `layers` of `bundle` unpacked.
    package static func total(of layers: Set<Descriptor>, in bundle: BundleReader) throws -> Int64 {
        let places = try bundle.blobRanges()
        let reader = FrameReader(bundle.file)
        var total: Int64 = 0
        for layer in layers {
            guard let place = places[layer.digest] else {
                // A delta leaves it to its base: nothing more is known of it.
                total = saturatingSum(total, usual(layer.size))
                continue
            }
            total = saturatingSum(total, try size(of: place, in: bundle.file, reader))
        }
        return total
    }

    private static func size(of place: Range<Int64>, in file: FramedFile, _ reader: FrameReader) throws -> Int64 {
        let size = place.upperBound - place.lowerBound
        let firstEnd = min(place.upperBound, place.lowerBound + Int64(firstCount))
        let first = try bytes(place.lowerBound..<firstEnd, file, reader)
        guard first.starts(with: gzipMagic) else { return estimate(size: size, first: first, last: []) }
        let last = try bytes(
            max(place.lowerBound, place.upperBound - Int64(lastCount))..<place.upperBound, file, reader)
        return estimate(size: size, first: first, last: last)
    }

    private static func bytes(_ range: Range<Int64>, _ file: FramedFile, _ reader: FrameReader) throws -> [UInt8] {
        if let bytes = try file.peek(range) { return bytes }
        var bytes: [UInt8] = []
        try reader.read(range) { bytes += $0 }
        return bytes
    }

    private static let gzipMagic: [UInt8] = [0x1F, 0x8B]
    private static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    /// xz, bzip2 and lz4: compressed, and silent about their content.
    private static let otherMagics: [[UInt8]] = [
        [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x42, 0x5A, 0x68], [0x04, 0x22, 0x4D, 0x18],
    ]

    /// The unpacked size of a layer of `size` bytes that begins with `first` and ends with `last`.
    static func estimate(size: Int64, first: [UInt8], last: [UInt8]) -> Int64 {
        let guess = usual(size)
        if first.starts(with: gzipMagic) {
            // Several members, or more than 4 GiB, leave a remainder that is smaller than what is there compressed.
            let length = last.count == lastCount ? littleEndian(last[...]) : 0
            return isBelievable(length, of: size) ? length : guess
        }
        if first.starts(with: zstdMagic) {
            guard let length = zstdContentSize(first), isBelievable(length, of: size) else { return guess }
            return length
        }
        return otherMagics.contains { first.starts(with: $0) } ? guess : size
    }

    private static func usual(_ size: Int64) -> Int64 {
        let (usual, overflows) = size.multipliedReportingOverflow(by: usualFactor)
        return overflows ? .max : usual
    }

    /// Compression makes things smaller, but for a few bytes in every stored block and around the whole.
    private static func isBelievable(_ length: Int64, of size: Int64) -> Bool { length >= size - size / 1000 - 64 }

    /// Frame_Content_Size of a zstd frame header (RFC 8878, 3.1.1.1.4).
    private static func zstdContentSize(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count > 5 else { return nil }
        let descriptor = bytes[4]
        let isSingleSegment = descriptor & 0x20 != 0
        let dictionaryCount = [0, 1, 2, 4][Int(descriptor & 3)]
        let start = 5 + (isSingleSegment ? 0 : 1) + dictionaryCount
        let count = [isSingleSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        guard count > 0, bytes.count >= start + count else { return nil }
        let value = littleEndian(bytes[start..<(start + count)])
        return count == 2 ? value + 256 : value
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> Int64 {
        Int64(clamping: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
