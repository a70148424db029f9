internal import OCI

/// The two skippable frames at the end of a framed file.
///
/// The digests' frame: version (1 byte); for each frame its kind (1 byte) and, if compressed, the SHA-256 of its bytes
/// (32 bytes); last the SHA-256 of all of that and of the whole seek table. The seek table: two little-endian u32 per
/// frame, the digests' frame last, then the footer (zstd `contrib/seekable_format`).
enum FrameTables {
    static func encode(_ entries: [FrameEntry]) -> [UInt8] {
        var digests: [UInt8] = [FrameFormat.digestsVersion]
        for entry in entries {
            digests.append(entry.kind.rawValue)
            digests += entry.digest ?? []
        }
        let digestsFrameCount = FrameFormat.skippableHeaderSize + digests.count + FrameFormat.digestSize
        let table = seekTable(entries, digestsFrameCount: digestsFrameCount)
        let seal = sha256(digests + table)
        return FrameFormat.littleEndian(FrameFormat.digestsMagic)
            + FrameFormat.littleEndian(UInt32(digests.count + FrameFormat.digestSize)) + digests + seal + table
    }

    private static func seekTable(_ entries: [FrameEntry], digestsFrameCount: Int) -> [UInt8] {
        var table: [UInt8] = []
        for entry in entries {
            table += FrameFormat.littleEndian(UInt32(entry.count))
            table += FrameFormat.littleEndian(UInt32(entry.contentCount))
        }
        table += FrameFormat.littleEndian(UInt32(digestsFrameCount)) + FrameFormat.littleEndian(UInt32(0))
        table += FrameFormat.littleEndian(UInt32(entries.count + 1))
        table.append(0)  // Seek_Table_Descriptor: no checksums, no reserved bits
        table += FrameFormat.littleEndian(FrameFormat.seekTableFooterMagic)
        return FrameFormat.littleEndian(FrameFormat.seekTableMagic) + FrameFormat.littleEndian(UInt32(table.count))
            + table
    }

    private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = DigestHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.digest().bytes
    }

    /// What the tables at the end of a file say, or why they can't be what was written.
    struct Fault: Error {
        var reason: String
    }

    /// The number of frames that the footer, the file's last nine bytes, announces, the digests' frame included.
    static func frameCount(footer: [UInt8]) throws(Fault) -> Int {
        let magic: UInt32 = FrameFormat.integer(footer, at: 5)
        guard magic == FrameFormat.seekTableFooterMagic else {
            throw Fault(reason: "no seek table at its end: it is cut off, or was not written by sealift build")
        }
        guard footer[4] == 0 else { throw Fault(reason: "the seek table's descriptor is not 0") }
        let count: UInt32 = FrameFormat.integer(footer, at: 0)
        guard count >= 1 else { throw Fault(reason: "the seek table is empty") }
        guard count <= FrameFormat.frameLimit + 1 else {
            throw Fault(reason: "the seek table has \(count) entries; at most \(FrameFormat.frameLimit + 1) are read")
        }
        return Int(count)
    }

    /// The length of the seek table's whole frame for `count` entries.
    static func seekTableCount(frames count: Int) -> Int {
        FrameFormat.skippableHeaderSize + count * 8 + FrameFormat.seekTableFooterSize
    }

    /// The entries of the file, checked: they follow each other without a gap from the file's start to the tables.
    ///
    /// - Parameters:
    ///   - table: the seek table's whole frame.
    ///   - digests: the digests' whole frame.
    ///   - size: the length of the file.
    /// - Returns: the frames in order.
    /// - Throws: ``Fault`` where the tables can't be what was written.
    static func decode(
        table: [UInt8], digests: [UInt8], size: Int64
    ) throws(Fault) -> [FrameEntry] {
        let count = (table.count - FrameFormat.skippableHeaderSize - FrameFormat.seekTableFooterSize) / 8
        try checkHeader(of: table, magic: FrameFormat.seekTableMagic, name: "seek table")
        try checkHeader(of: digests, magic: FrameFormat.digestsMagic, name: "digests")
        let sealed = Array(digests[FrameFormat.skippableHeaderSize..<(digests.count - FrameFormat.digestSize)])
        guard sha256(sealed + table).elementsEqual(digests.suffix(FrameFormat.digestSize)) else {
            throw Fault(reason: "the seek table and the digests beside it don't match their seal")
        }
        guard sealed.first == FrameFormat.digestsVersion else {
            throw Fault(reason: "the digests have a version that this Sealift doesn't know")
        }
        var entries: [FrameEntry] = []
        entries.reserveCapacity(count - 1)
        var offset: Int64 = 0
        var contentOffset: Int64 = 0
        var position = 1
        for index in 0..<(count - 1) {
            let at = FrameFormat.skippableHeaderSize + index * 8
            let frameCount: UInt32 = FrameFormat.integer(table, at: at)
            let contentCount: UInt32 = FrameFormat.integer(table, at: at + 4)
            guard position < sealed.count, let kind = FrameKind(rawValue: sealed[position]) else {
                throw Fault(reason: "frame \(index) has no known kind")
            }
            position += 1
            var entry = FrameEntry(
                kind: kind, offset: offset, count: Int(frameCount), contentOffset: contentOffset,
                contentCount: Int(contentCount))
            guard (1...FrameFormat.contentLimit).contains(entry.contentCount),
                (1...Compressor.bound(FrameFormat.contentLimit)).contains(entry.count)
            else { throw Fault(reason: "frame \(index) has an impossible size") }
            if kind == .compressed {
                guard position + FrameFormat.digestSize <= sealed.count else {
                    throw Fault(reason: "frame \(index) has no digest")
                }
                entry.digest = Array(sealed[position..<position + FrameFormat.digestSize])
                position += FrameFormat.digestSize
            }
            entries.append(entry)
            offset += Int64(entry.count)
            contentOffset += Int64(entry.contentCount)
        }
        guard position == sealed.count, offset + Int64(digests.count) + Int64(table.count) == size else {
            throw Fault(reason: "the frames don't add up to the file's size")
        }
        return entries
    }

    private static func checkHeader(of frame: [UInt8], magic: UInt32, name: String) throws(Fault) {
        let found: UInt32 = FrameFormat.integer(frame, at: 0)
        let count: UInt32 = FrameFormat.integer(frame, at: 4)
        guard found == magic, Int(count) == frame.count - FrameFormat.skippableHeaderSize else {
            throw Fault(reason: "the \(name) frame's header is not what was written")
        }
    }
}
