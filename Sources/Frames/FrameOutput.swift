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

    init(file: FileDescriptor, path: FilePath) {
        self.file = file
        self.path = path
    }

    mutating func append(_ buffer: FrameBuffer) throws(FramesError) {
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
        var vectors = pieces.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        var first = 0
        while first < vectors.count {
            let count = vectors.withUnsafeBufferPointer { all in
                let rest = UnsafeBufferPointer(rebasing: all[first...])
                return writev(file.rawValue, rest.baseAddress, Int32(rest.count))
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .system(action: "write", path: path, errno: Errno(rawValue: errno))
            }
            var rest = count
            while first < vectors.count, rest >= vectors[first].iov_len {
                rest -= vectors[first].iov_len
                first += 1
            }
            if rest > 0 {
                vectors[first].iov_base += rest
                vectors[first].iov_len -= rest
            }
        }
        for piece in pieces {
            hasher.update(piece)
            size += Int64(piece.count)
        }
    }
}
