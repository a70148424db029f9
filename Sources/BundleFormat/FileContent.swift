package import OCI
package import SystemPackage

/// The content of files and pipes, read from where they stand to their end.
package enum FileContent {
    /// The bytes of the file at `path`; of one that is longer than `limit` some more than that, and not all.
    package static func bytes(of path: FilePath, limit: Int = .max) throws(Errno) -> [UInt8] {
        try opened(path) { file throws(Errno) in try bytes(of: file, limit: limit) }
    }

    /// The bytes of an open file; of one that is longer than `limit` some more than that, and not all.
    package static func bytes(of file: FileDescriptor, limit: Int = .max) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        try pieces(of: file, size: 64 << 10) { piece in
            bytes += piece
            return bytes.count <= limit
        }
        return bytes
    }

    /// The SHA-256 of the file at `path`, and how many bytes it is of.
    package static func digest(of path: FilePath) throws(Errno) -> (digest: Digest, size: Int64) {
        try opened(path) { file throws(Errno) in
            var hasher = DigestHasher()
            var size: Int64 = 0
            try pieces(of: file, size: 1 << 20) { piece in
                hasher.update(piece)
                size += Int64(piece.count)
                return true
            }
            return (hasher.digest(), size)
        }
    }

    private static func opened<Value>(
        _ path: FilePath, _ body: (FileDescriptor) throws(Errno) -> Value
    ) throws(Errno) -> Value {
        let file = try errno { try FileDescriptor.open(path, .readOnly, options: .closeOnExec) }
        defer { try? file.close() }  // only read
        return try body(file)
    }

    /// Reads on until `take` wants no more.
    private static func pieces(
        of file: FileDescriptor, size: Int, _ take: (UnsafeRawBufferPointer) -> Bool
    ) throws(Errno) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = try errno { try file.read(into: buffer) }
            guard count > 0, take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
        }
    }

    /// The calls of SystemPackage throw nothing else, and do not say so.
    private static func errno<Value>(_ call: () throws -> Value) throws(Errno) -> Value {
        do { return try call() } catch { throw error as? Errno ?? .ioError }
    }
}
