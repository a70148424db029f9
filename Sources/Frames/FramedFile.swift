internal import Glibc
package import OCI
package import SystemPackage

/// A framed file, open for random reading; only its tables are in memory.
package final class FramedFile: Sendable {
    package let path: FilePath
    let file: FileDescriptor
    let entries: [FrameEntry]
    /// The length of the file.
    package let size: Int64
    /// The length of the content.
    package let contentSize: Int64

    /// Opens a file and reads its tables; throws when they are not sound.
    package init(opening path: FilePath) throws(FramesError) {
        self.path = path
        do {
            file = try FileDescriptor.open(path, .readOnly)
        } catch {
            throw FramesError.system(action: "open", path: path, errno: error as? Errno ?? .ioError)
        }
        do throws(FramesError) {
            var status = stat()
            guard fstat(file.rawValue, &status) == 0 else {
                throw .system(action: "look at", path: path, errno: Errno(rawValue: errno))
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw .unreadable(path: path, reason: "not a regular file")
            }
            size = Int64(status.st_size)
            entries = try Self.tables(of: file, path: path, size: size)
            contentSize = entries.last.map { $0.contentOffset + Int64($0.contentCount) } ?? 0
        } catch {
            // The descriptor is ours and unusable; nothing to do about a failing close.
            try? file.close()
            throw error
        }
    }

    /// Takes over an open file, of which only the frames of `entries`, neighbours all of them, can be read.
    init(_ file: FileDescriptor, at path: FilePath, entries: [FrameEntry], size: Int64) {
        self.path = path
        self.file = file
        self.entries = entries
        self.size = size
        contentSize = entries.last.map { $0.contentOffset + Int64($0.contentCount) } ?? 0
    }

    deinit {
        // A descriptor that was only read has nothing to lose.
        try? file.close()
    }

    /// The digest of the whole file, tables and all, as `sha256sum` gives it.
    ///
    /// Reads all of it; `progress` is told the bytes read since the last call, and may throw to stop.
    package func fileDigest(progress: (Int64) throws -> Void) throws -> Digest {
        var hasher = DigestHasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var position: Int64 = 0
        while position < size {
            let end = min(size, position + Int64(buffer.count))
            try read(position..<end, into: buffer)
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<Int(end - position)]))
            try progress(end - position)
            position = end
        }
        return hasher.digest()
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
        try Self.read(file, path: path, range, into: target)
    }

    /// Fills `parts`, one after the other, with what stands in the file from `offset` on.
    func read(from offset: Int64, into parts: [UnsafeMutableRawBufferPointer]) throws(FramesError) {
        var vectors = parts.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) }[...]
        var position = offset
        while !vectors.isEmpty {
            let count = vectors.withUnsafeBufferPointer {
                preadv(file.rawValue, $0.baseAddress, CInt($0.count), off_t(position))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let end = offset + parts.reduce(0) { $0 + Int64($1.count) }
                throw Self.failure(of: count, errno, path, position..<end)
            }
            position += Int64(count)
            var rest = count
            while let first = vectors.first, rest >= first.iov_len {
                rest -= first.iov_len
                vectors.removeFirst()
            }
            if let first = vectors.first {
                vectors[vectors.startIndex] = iovec(
                    iov_base: first.iov_base.map { $0 + rest }, iov_len: first.iov_len - rest)
            }
        }
    }

    /// Why a read returned `count`, which is not more than 0.
    private static func failure(of count: Int, _ code: CInt, _ path: FilePath, _ range: Range<Int64>) -> FramesError {
        guard count < 0 else { return .unreadable(path: path, reason: "it became shorter while it was read") }
        let action = "read bytes \(range.lowerBound) to \(range.upperBound) of"
        return .system(action: action, path: path, errno: Errno(rawValue: code))
    }

    private static func tables(of file: FileDescriptor, path: FilePath, size: Int64) throws(FramesError) -> [FrameEntry]
    {
        func fault(_ reason: String) -> FramesError { .unreadable(path: path, reason: reason) }
        func bytes(_ range: Range<Int64>) throws(FramesError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: range.count)
            var failure: FramesError?
            bytes.withUnsafeMutableBytes { target in
                do throws(FramesError) { try read(file, path: path, range, into: target) } catch { failure = error }
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

    private static func read(
        _ file: FileDescriptor, path: FilePath, _ range: Range<Int64>, into target: UnsafeMutableRawBufferPointer
    ) throws(FramesError) {
        var done = 0
        while done < range.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[done..<range.count])
            let count = pread(file.rawValue, rest.baseAddress, rest.count, off_t(range.lowerBound) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw failure(of: count, errno, path, (range.lowerBound + Int64(done))..<range.upperBound)
            }
            done += count
        }
    }
}
