internal import Glibc
package import OCI
package import SystemPackage

/// The bytes of an archive, open for random reading: one file, or several whose bytes follow each other.
///
/// Nothing is joined: what is read across the end of a part comes from both, by two system calls.
package final class PartedFile: Sendable {
    /// A stretch of the archive, and the file that holds it.
    package struct Part: Sendable {
        package let path: FilePath
        /// Where its bytes stand in the archive.
        package let range: Range<Int64>
        let file: FileDescriptor
    }

    /// How the archive is called in errors: the file, or what leads to the parts.
    package let path: FilePath
    package let parts: [Part]
    /// Whether the archive was opened as parts, be it only one.
    package let isParted: Bool
    /// The bytes of all parts.
    package var size: Int64 { parts.last?.range.upperBound ?? 0 }

    /// Opens an archive in one file; throws ``FramesError``.
    package convenience init(opening path: FilePath) throws(FramesError) {
        let (file, size) = try Self.open(path)
        self.init([(file, path, size)], isParted: false, at: path)
    }

    /// Opens the files of an archive in parts, in their order; throws ``FramesError``, which names the part.
    ///
    /// `sizes` has how many bytes each must have: what is behind them is never read.
    package convenience init(joining parts: [(path: FilePath, size: Int64)], at path: FilePath) throws(FramesError) {
        Self.allowFiles(parts.count)
        var opened: [(file: FileDescriptor, path: FilePath, size: Int64)] = []
        for part in parts {
            do throws(FramesError) {
                let (file, size) = try Self.open(part.path)
                opened.append((file, part.path, part.size))
                guard size == part.size else {
                    throw .unreadable(path: part.path, reason: "it has \(size) bytes, not \(part.size)")
                }
            } catch {
                for (file, _, _) in opened { try? file.close() }  // nothing was written to it
                throw error
            }
        }
        self.init(opened, isParted: true, at: path)
    }

    /// Takes over open files; the first one's bytes are those from `start` on.
    init(
        _ files: [(file: FileDescriptor, path: FilePath, size: Int64)], from start: Int64 = 0, isParted: Bool,
        at path: FilePath
    ) {
        self.path = path
        self.isParted = isParted
        var start = start
        parts = files.map { file, path, size in
            defer { start += size }
            return Part(path: path, range: start..<(start + size), file: file)
        }
    }

    deinit {
        // A descriptor that was only read has nothing to lose.
        for part in parts { try? part.file.close() }
    }

    /// Fills `pieces`, one after the other, with what stands from `offset` on.
    func read(from offset: Int64, into pieces: [UnsafeMutableRawBufferPointer]) throws(FramesError) {
        var vectors = pieces.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
        var first = 0
        var position = offset
        let end = offset + pieces.reduce(0) { $0 + Int64($1.count) }
        while position < end {
            let part = try part(at: position)
            let limit = min(end, part.range.upperBound)
            let inPart = (position - part.range.lowerBound)..<(limit - part.range.lowerBound)
            // All that is wanted, but for a read that goes on in the next part.
            let count = (limit == end ? vectors[first...] : Self.front(vectors[first...], inPart.count))
                .withUnsafeBufferPointer {
                    preadv(part.file.rawValue, $0.baseAddress, CInt($0.count), off_t(inPart.lowerBound))
                }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(of: count, errno, part.path, inPart) }
            position += Int64(count)
            var rest = count
            while first < vectors.count, rest >= vectors[first].iov_len {
                rest -= vectors[first].iov_len
                first += 1
            }
            if rest > 0 {
                vectors[first] = iovec(
                    iov_base: vectors[first].iov_base.map { $0 + rest }, iov_len: vectors[first].iov_len - rest)
            }
        }
    }

    /// Calls `body` with all bytes from `range`'s start to its end, piece by piece; pieces are valid only during the call.
    package func read(_ range: Range<Int64>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let count = min(Int64(buffer.count), range.upperBound - position)
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)])
            try read(from: position, into: [piece])
            try body(UnsafeRawBufferPointer(piece))
            position += count
        }
    }

    /// Reads everything once, from the first byte to the last, for the digest that `sha256sum` gives of the whole.
    ///
    /// `progress` is told the bytes read since the last call, and may throw to stop.
    package func digest(progress: (Int64) throws -> Void = { _ in }) throws -> Digest {
        var hasher = DigestHasher()
        try read(0..<size) { piece in
            hasher.update(piece)
            try progress(Int64(piece.count))
        }
        return hasher.digest()
    }

    /// That the bytes `range` are not what was written, said of the part that holds them.
    func damage(of range: Range<Int64>, frame: Int, reason: String) -> FramesError {
        var held = parts.filter { $0.range.overlaps(range) }.map { part in
            let inArchive = range.clamped(to: part.range)
            let start = part.range.lowerBound
            return (path: part.path, range: (inArchive.lowerBound - start)..<(inArchive.upperBound - start))
        }
        guard !held.isEmpty else { return .damaged(path: path, frame: frame, range: range, reason: reason) }
        let first = held.removeFirst()
        let more = held.map { "with bytes \($0.range.lowerBound) to \($0.range.upperBound) of \($0.path)" }
        return .damaged(
            path: first.path, frame: frame, range: first.range,
            reason: (more + [reason]).joined(separator: more.isEmpty ? "" : ": "))
    }

    private func part(at position: Int64) throws(FramesError) -> Part {
        var low = 0
        var high = parts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if parts[middle].range.lowerBound <= position { low = middle } else { high = middle - 1 }
        }
        guard low < parts.count, parts[low].range.contains(position) else {
            throw .unreadable(path: path, reason: "it ends at byte \(size), byte \(position) was asked for")
        }
        return parts[low]
    }

    /// The first `count` bytes of `vectors`, which have more.
    private static func front(_ vectors: ArraySlice<iovec>, _ count: Int) -> ArraySlice<iovec> {
        var rest = count
        var front: [iovec] = []
        for vector in vectors where rest > 0 {
            front.append(iovec(iov_base: vector.iov_base, iov_len: min(rest, vector.iov_len)))
            rest -= min(rest, vector.iov_len)
        }
        return front[...]
    }

    /// Why a read returned `count`, which is not more than 0.
    private static func failure(of count: Int, _ code: CInt, _ path: FilePath, _ range: Range<Int64>) -> FramesError {
        guard count < 0 else { return .unreadable(path: path, reason: "it became shorter while it was read") }
        let action = "read bytes \(range.lowerBound) to \(range.upperBound) of"
        return .system(action: action, path: path, errno: Errno(rawValue: code))
    }

    private static func open(_ path: FilePath) throws(FramesError) -> (file: FileDescriptor, size: Int64) {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw FramesError.system(action: "open", path: path, errno: error as? Errno ?? .ioError)
        }
        var status = stat()
        let isKnown = fstat(file.rawValue, &status) == 0
        let reason = errno
        guard isKnown, status.st_mode & S_IFMT == S_IFREG else {
            // The descriptor is ours and unusable; nothing to do about a failing close.
            try? file.close()
            throw isKnown
                ? .unreadable(path: path, reason: "not a regular file")
                : .system(action: "look at", path: path, errno: Errno(rawValue: reason))
        }
        return (file, Int64(status.st_size))
    }

    /// So many are open without a thought for the limit on open files, 1024 as a rule.
    private static let usualParts = 200

    /// Asks for a limit on open files that leaves room for `count` parts; where it is refused, opening them tells.
    package static func allowFiles(_ count: Int) {
        guard count > usualParts else { return }
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, rlim_t(count) + 1024)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
