package import SystemPackage

/// A framed file, open for random reading; only its tables are in memory.
package final class FramedFile: Sendable {
    /// The bytes, in one file or in parts.
    package let archive: PartedFile
    let entries: [FrameEntry]
    /// The length of the file.
    package let size: Int64
    /// The length of the content.
    package let contentSize: Int64

    /// How the file is called in errors.
    package var path: FilePath { archive.path }

    /// Opens a file and reads its tables; throws when they are not sound.
    package convenience init(opening path: FilePath) throws(FramesError) {
        try self.init(PartedFile(opening: path))
    }

    /// Reads the tables of an open archive; throws when they are not sound.
    package convenience init(_ archive: PartedFile) throws(FramesError) {
        self.init(archive, entries: try Self.tables(of: archive))
    }

    /// Takes over an open file, of which only the frames of `entries`, neighbours all of them, can be read.
    init(_ archive: PartedFile, entries: [FrameEntry]) {
        self.archive = archive
        self.entries = entries
        size = archive.size
        contentSize = entries.last.map { $0.contentOffset + Int64($0.contentCount) } ?? 0
    }

    /// The index of the frame that holds the content at `offset`.
    func frame(at offset: Int64) -> Int? {
        guard offset >= 0, offset < contentSize else { return nil }
        var low = 0
        var high = entries.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if entries[middle].contentOffset <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    func read(_ range: Range<Int64>, into target: UnsafeMutableRawBufferPointer) throws(FramesError) {
        try archive.read(
            from: range.lowerBound, into: [UnsafeMutableRawBufferPointer(rebasing: target[..<range.count])])
    }

    private static func tables(of archive: PartedFile) throws(FramesError) -> [FrameEntry] {
        let size = archive.size
        func fault(_ reason: String) -> FramesError { .unreadable(path: archive.path, reason: reason) }
        func bytes(_ range: Range<Int64>) throws(FramesError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: range.count)
            var failure: FramesError?
            bytes.withUnsafeMutableBytes { target in
                do throws(FramesError) { try archive.read(from: range.lowerBound, into: [target]) } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return bytes
        }
        let footerSize = Int64(FrameFormat.seekTableFooterSize)
        guard size >= footerSize else { throw fault("only \(size) bytes long") }
        let footer = try bytes((size - footerSize)..<size)
        let count: Int
        do { count = try FrameTables.frameCount(footer: footer) } catch { throw fault(error.reason) }
        let tableStart = size - Int64(FrameTables.seekTableCount(frames: count))
        guard tableStart >= Int64(FrameFormat.skippableHeaderSize) else {
            throw fault("the seek table is larger than the file")
        }
        let table = try bytes(tableStart..<size)
        let digestsCount: UInt32 = FrameFormat.integer(table, at: FrameFormat.skippableHeaderSize + (count - 1) * 8)
        let digestsStart = tableStart - Int64(digestsCount)
        guard digestsStart >= 0, Int(digestsCount) > FrameFormat.skippableHeaderSize + FrameFormat.digestSize,
            Int(digestsCount) <= FrameFormat.skippableHeaderSize + 33 * count + FrameFormat.digestSize
        else { throw fault("the digests' frame has an impossible size") }
        let digests = try bytes(digestsStart..<tableStart)
        do {
            return try FrameTables.decode(table: table, digests: digests, size: size)
        } catch {
            throw fault(error.reason)
        }
    }
}
