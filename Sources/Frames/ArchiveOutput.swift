internal import Glibc
package import OCI
internal import SystemPackage

/// Writes the bytes of an archive to its file, or to one part after the other, and digests them on the way.
package struct ArchiveOutput: Sendable {
    /// A file that is written to.
    private struct Piece {
        var file: FileDescriptor
        var path: FilePath
        var size: Int64 = 0
        var writebackStart: Int64 = 0
    }

    private let parts: (any ArchiveParts)?
    /// Never empty in an archive of one file.
    private var pieces: [Piece] = []
    private var hasher = DigestHasher()
    private var partHasher = DigestHasher()
    /// The bytes written so far.
    package private(set) var size: Int64 = 0

    /// The most that one system call writes. Larger writes make the kernel look for larger pages, which were measured
    /// to take five times as long (4 MiB against 1 MiB, ext4, Linux 6).
    private static let writeLimit = 512 << 10
    private static let writebackStep: Int64 = 32 << 20

    package init(to target: ArchiveTarget) {
        switch target {
        case .file(let file, let path):
            parts = nil
            pieces = [Piece(file: file, path: path)]
        case .parts(let parts): self.parts = parts
        }
    }

    /// The file that is written to now.
    var path: FilePath { pieces.last?.path ?? "" }

    /// Writes `bytes`, one behind the other.
    package mutating func write(_ bytes: [UnsafeRawBufferPointer]) throws(FramesError) {
        for piece in bytes {
            hasher.update(piece)
            size += Int64(piece.count)
        }
        guard let parts else {
            try append(bytes)
            return
        }
        var waiting: [UnsafeRawBufferPointer] = []
        var room = try room(parts)
        for piece in bytes {
            var rest = piece
            while !rest.isEmpty {
                if room == 0 {
                    try append(waiting)
                    waiting = []
                    room = try self.room(parts)
                }
                let front = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(min(room, Int64(rest.count)))))
                partHasher.update(front)
                waiting.append(front)
                room -= Int64(front.count)
                rest = UnsafeRawBufferPointer(rebasing: rest[front.count...])
            }
        }
        try append(waiting)
    }

    /// Ends the last part; returns the digest and length of the whole.
    package mutating func finish() -> (digest: Digest, size: Int64) {
        endPart()
        return (hasher.digest(), size)
    }

    /// The files of what was written that hold `range`, to be read through descriptors of their own.
    func readAgain(_ range: Range<Int64>) throws(FramesError) -> PartedFile {
        var copies: [(file: FileDescriptor, path: FilePath, size: Int64)] = []
        var start: Int64 = 0
        var next: Int64 = 0
        for piece in pieces {
            defer { next += piece.size }
            guard (next..<(next + piece.size)).overlaps(range) else { continue }
            if copies.isEmpty { start = next }
            let copy = fcntl(piece.file.rawValue, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else {
                let reason = Errno(rawValue: errno)
                for (file, _, _) in copies { try? file.close() }  // only copies
                throw .system(action: "open", path: piece.path, errno: reason)
            }
            copies.append((FileDescriptor(rawValue: copy), piece.path, piece.size))
        }
        return PartedFile(copies, from: start, isParted: parts != nil, at: path)
    }

    /// How much the current part still takes; begins a new one where that would be nothing.
    private mutating func room(_ parts: any ArchiveParts) throws(FramesError) -> Int64 {
        if let last = pieces.last, last.size < parts.limit { return parts.limit - last.size }
        endPart()
        let (file, path) = try parts.next()
        pieces.append(Piece(file: file, path: path))
        return parts.limit
    }

    private mutating func endPart() {
        guard let parts, let last = pieces.last else { return }
        Self.startWriteback(last.file, last.writebackStart..<last.size)
        parts.ended(size: last.size, digest: partHasher.digest())
        partHasher = DigestHasher()
    }

    /// Writes all of `bytes` to the current file.
    private mutating func append(_ bytes: [UnsafeRawBufferPointer]) throws(FramesError) {
        guard var piece = pieces.popLast() else { return }
        defer { pieces.append(piece) }
        var waiting: [iovec] = []
        var count = 0
        for var rest in bytes {
            piece.size += Int64(rest.count)
            while !rest.isEmpty {
                let front = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.writeLimit - count))
                waiting.append(
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: front.baseAddress), iov_len: front.count))
                count += front.count
                rest = UnsafeRawBufferPointer(rebasing: rest[front.count...])
                if count == Self.writeLimit {
                    try Self.writeOut(&waiting, to: piece.file, piece.path)
                    count = 0
                }
            }
        }
        try Self.writeOut(&waiting, to: piece.file, piece.path)
        // Lets the disk work while the rest is still being made, so that the final sync finds little left to do.
        if piece.size - piece.writebackStart >= Self.writebackStep {
            Self.startWriteback(piece.file, piece.writebackStart..<piece.size)
            piece.writebackStart = piece.size
        }
    }

    /// Writes all of `vectors` and empties it.
    private static func writeOut(
        _ vectors: inout [iovec], to file: FileDescriptor, _ path: FilePath
    ) throws(FramesError) {
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

    private static func startWriteback(_ file: FileDescriptor, _ range: Range<Int64>) {
        // On dirty pages this advice starts writing and drops nothing (mm/fadvise.c); where it is refused, the sync at
        // the end does all of it.
        posix_fadvise(file.rawValue, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    }
}
