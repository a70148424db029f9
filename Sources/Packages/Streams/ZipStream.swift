internal import Inflate
internal import Layers

/// A zip archive entry by entry, in the order of its bytes.
///
/// The directory at the end is not needed to read an archive, but it is what Java goes by: it is counted, and an archive
/// whose directory lists another number of entries than there are is refused.
final class ZipStream {
    /// How much of another kind may be before the first entry: programs that start themselves begin with a script.
    private static let preambleLimit: Int64 = 1 << 20
    private static let entryMark: [UInt8] = [0x50, 0x4B, 3, 4]
    private static let directoryMark: [UInt8] = [0x50, 0x4B, 1, 2]
    private static let endMark: [UInt8] = [0x50, 0x4B, 5, 6]
    private static let largeEndMark: [UInt8] = [0x50, 0x4B, 6, 6]
    private static let descriptorMark: [UInt8] = [0x50, 0x4B, 7, 8]

    private let stream: ByteStream
    private let budget: Budget
    private let inflater: Inflater
    private var count = 0
    private var entry: ZipEntry?
    private var first: Int64 = 0
    private var deflated: DeflateSource?

    /// Reads from where `stream` is; what is unpacked is charged to `budget`.
    init(_ stream: ByteStream, budget: Budget) throws(ReadFault) {
        self.stream = stream
        self.budget = budget
        do { inflater = try Inflater(.none) } catch { throw ReadFault(error.description) }
    }

    /// The next entry; `nil` behind the last, when the directory was found to list as many.
    func next() throws(ReadFault) -> ZipEntry? {
        try finish()
        if count == 0 { try skipPreamble() }
        let start = try stream.look(ahead: 4)
        if start.starts(with: Self.entryMark) {
            let next = try ZipEntry(stream)
            count += 1
            entry = next
            first = stream.position
            return next
        }
        guard start.starts(with: Self.directoryMark) || start.starts(with: Self.endMark) else {
            throw ReadFault(count == 0 ? "it is no zip archive" : "no zip entry where one must be")
        }
        try checkDirectory()
        return nil
    }

    /// The current entry's content.
    func body() throws(ReadFault) -> any ByteSource {
        guard let entry, !entry.isEncrypted else { throw ReadFault("it is encrypted") }
        switch (entry.method, entry.compressedSize) {
        case (ZipEntry.stored, let size?):
            return Section(of: stream, count: size)
        case (ZipEntry.deflated, _):
            let source = DeflateSource(stream, inflater: inflater, budget: budget)
            deflated = source
            return source
        default: throw ReadFault("it is compressed by method \(entry.method) of zip, which is not read")
        }
    }

    /// Skips what is left of the current entry.
    private func finish() throws(ReadFault) {
        guard let entry else { return }
        if let size = entry.compressedSize {
            let left = size - (stream.position - first)
            guard left >= 0, left == 0 || deflated?.hasEnded != true else {
                throw ReadFault("an entry has another size than it states")
            }
            try stream.skip(left)
        } else if entry.method == ZipEntry.deflated, !entry.isEncrypted {
            try drain(deflated ?? DeflateSource(stream, inflater: inflater, budget: budget))
        } else if !entry.isFolder {
            throw ReadFault("an entry whose end is not to be found")
        }
        if entry.hasDescriptor { try skipDescriptor(size: stream.position - first) }
        self.entry = nil
        deflated = nil
    }

    private func drain(_ source: DeflateSource) throws(ReadFault) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { scratch.deallocate() }
        while try source.read(into: scratch) > 0 {}
    }

    /// The sizes behind an entry, in any of four forms, of which only what follows tells which it is.
    private func skipDescriptor(size: Int64) throws(ReadFault) {
        let bytes = BinaryFields(bytes: Array(try stream.look(ahead: 28).prefix(28)))
        let marks = [Self.entryMark, Self.directoryMark]
        for (mark, isLarge) in [(4, false), (4, true), (0, false), (0, true)] {
            let length = mark + (isLarge ? 20 : 12)
            guard bytes.count >= length + 4,
                mark == 0 || bytes.bytes.starts(with: Self.descriptorMark),
                marks.contains(where: { bytes.bytes[length...].starts(with: $0) })
            else { continue }
            let written =
                isLarge
                ? try bytes.integer(at: mark + 4, as: UInt64.self)
                : UInt64(try bytes.integer(at: mark + 4, as: UInt32.self))
            if written == UInt64(size) { return stream.advance(length) }
        }
        throw ReadFault("the sizes behind an entry are not its sizes")
    }

    private func skipPreamble() throws(ReadFault) {
        while stream.position < Self.preambleLimit {
            let piece = try stream.look(ahead: 4096)
            if piece.starts(with: Self.entryMark) || piece.starts(with: Self.endMark) { return }
            guard piece.count >= 4 else { return }
            let next = piece.dropFirst().firstIndex(of: Self.entryMark[0]) ?? piece.count
            stream.advance(next)
        }
    }

    /// Counts what the directory lists: APPNOTE, 4.3.12.
    private func checkDirectory() throws(ReadFault) {
        var listed = 0
        while try stream.look(ahead: 46).starts(with: Self.directoryMark) {
            let header = BinaryFields(bytes: try stream.take(46))
            for offset in [28, 30, 32] {
                try stream.skip(Int64(header.integer(at: offset, as: UInt16.self)))
            }
            listed += 1
        }
        let end = try stream.look(ahead: 4)
        guard end.starts(with: Self.endMark) || end.starts(with: Self.largeEndMark), listed == count else {
            throw ReadFault("it holds \(count) entries, its directory lists \(listed)")
        }
    }
}
