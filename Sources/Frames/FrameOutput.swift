internal import Glibc
internal import OCI
internal import SystemPackage

/// The file behind a ``FrameWriter``: appends frames, keeps their entries, and ends with the tables.
struct FrameOutput: Sendable {
    private let file: FileDescriptor
    private let path: FilePath
    private var hasher = DigestHasher()
    private var size: Int64 = 0
    private var entries: [FrameEntry] = []
    private var contentSize: Int64 = 0
    private var writebackStart: Int64 = 0
    /// The writer has ended, and its caller may close the file.
    var isOver = false

    /// The most that one system call writes. Larger writes make the kernel look for larger pages, which were measured
    /// to take five times as long (4 MiB against 1 MiB, ext4, Linux 6).
    private static let writeLimit = 512 << 10
    private static let writebackStep: Int64 = 32 << 20

    init(file: FileDescriptor, path: FilePath) {
        self.file = file
        self.path = path
    }

    mutating func append(_ buffer: FrameBuffer) throws(FramesError) {
        guard entries.count < FrameFormat.frameLimit else {
            throw .unreadable(path: path, reason: "it would have more than \(FrameFormat.frameLimit) frames")
        }
        let start = size
        let content = buffer.bytes
        var entry = FrameEntry(
            kind: .raw, offset: start, count: 0, contentOffset: contentSize, contentCount: content.count)
        switch buffer.coding {
        case .raw:
            try appendRaw(content)
        case .compressed:
            let frame = UnsafeRawBufferPointer(rebasing: buffer.encoded[..<buffer.encodedCount])
            var digest = DigestHasher()
            digest.update(frame)
            entry.kind = .compressed
            entry.digest = digest.digest().bytes
            try write([frame])
        }
        entry.count = Int(size - start)
        entries.append(entry)
        contentSize += Int64(content.count)
    }

    /// A file of its own of the frames that hold the content of `range`; `nil` once the writer has ended.
    func file(holding range: Range<Int64>) throws(FramesError) -> FramedFile? {
        guard !isOver else { return nil }
        let copy = fcntl(file.rawValue, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .system(action: "open", path: path, errno: Errno(rawValue: errno)) }
        let held = entries.filter {
            $0.contentOffset < range.upperBound && $0.contentOffset + Int64($0.contentCount) > range.lowerBound
        }
        return FramedFile(FileDescriptor(rawValue: copy), at: path, entries: held, size: size)
    }

    /// Writes the digests and the seek table; returns the digest and length of the whole file.
    mutating func finish() throws(FramesError) -> (digest: Digest, size: Int64) {
        let trailer = FrameTables.encode(entries)
        var failure: FramesError?
        trailer.withUnsafeBytes { bytes in
            do throws(FramesError) { try write([bytes]) } catch { failure = error }
        }
        if let failure { throw failure }
        return (hasher.digest(), size)
    }

    private mutating func appendRaw(_ content: UnsafeRawBufferPointer) throws(FramesError) {
        // Everything but the content itself, in one allocation: header, block headers, checksum.
        var small = FrameFormat.header(contentCount: content.count)
        let headerCount = small.count
        let blocks = stride(from: 0, to: content.count, by: FrameFormat.blockLimit).map {
            UnsafeRawBufferPointer(rebasing: content[$0..<min($0 + FrameFormat.blockLimit, content.count)])
        }
        for (index, block) in blocks.enumerated() {
            small += FrameFormat.rawBlockHeader(count: block.count, isLast: index == blocks.count - 1)
        }
        small += FrameFormat.littleEndian(ContentChecksum.of(content))
        var failure: FramesError?
        small.withUnsafeBytes { small in
            var pieces = [UnsafeRawBufferPointer(rebasing: small[..<headerCount])]
            for (index, block) in blocks.enumerated() {
                let at = headerCount + index * 3
                pieces.append(UnsafeRawBufferPointer(rebasing: small[at..<at + 3]))
                pieces.append(block)
            }
            pieces.append(UnsafeRawBufferPointer(rebasing: small[(small.count - FrameFormat.checksumSize)...]))
            do throws(FramesError) { try write(pieces) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private mutating func write(_ pieces: [UnsafeRawBufferPointer]) throws(FramesError) {
        var waiting: [iovec] = []
        var count = 0
        for piece in pieces {
            var rest = piece
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.writeLimit - count))
                waiting.append(
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: part.baseAddress), iov_len: part.count))
                count += part.count
                rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
                if count == Self.writeLimit {
                    try writeOut(&waiting)
                    count = 0
                }
            }
            hasher.update(piece)
            size += Int64(piece.count)
        }
        try writeOut(&waiting)
        startWriteback()
    }

    /// Writes all of `vectors` and empties it.
    private func writeOut(_ vectors: inout [iovec]) throws(FramesError) {
        var first = 0
        while first < vectors.count {
            let written = vectors.withUnsafeBufferPointer { all in
                let rest = UnsafeBufferPointer(rebasing: all[first...])
                return writev(file.rawValue, rest.baseAddress, Int32(rest.count))
            }
            guard written >= 0 else {
                if errno == EINTR { continue }
                throw .system(action: "write", path: path, errno: Errno(rawValue: errno))
            }
            var rest = written
            while first < vectors.count, rest >= vectors[first].iov_len {
                rest -= vectors[first].iov_len
                first += 1
            }
            if rest > 0 {
                vectors[first].iov_base += rest
                vectors[first].iov_len -= rest
            }
        }
        vectors.removeAll(keepingCapacity: true)
    }

    /// Lets the disk work while the rest is still being made, so that the final sync finds little left to do.
    private mutating func startWriteback() {
        guard size - writebackStart >= Self.writebackStep else { return }
        // On dirty pages this advice starts writing and drops nothing (mm/fadvise.c); where it is refused, the sync at
        // the end does all of it.
        posix_fadvise(file.rawValue, off_t(writebackStart), off_t(size - writebackStart), POSIX_FADV_DONTNEED)
        writebackStart = size
    }
}
