package import SystemPackage

/// Why a framed file could not be read or written.
package enum FramesError: Error, Sendable {
    /// A system call on `path` failed; `action` says which: "open", "read" …
    case system(action: String, path: FilePath, errno: Errno)
    /// The file is not a framed file, or is cut off: its end does not hold what must stand there.
    case unreadable(path: FilePath, reason: String)
    /// The bytes `range` of the file are not what was written.
    case damaged(path: FilePath, frame: Int, range: Range<Int64>, reason: String)
    /// zstd refused to compress; never caused by input.
    case compression(reason: String)
    /// A stream of others' making can't be decoded.
    case decompression(reason: String)
}

extension FramesError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .unreadable(let path, let reason): "can't read \(path): \(reason)"
        case .damaged(let path, let frame, let range, let reason):
            "\(path) is damaged in bytes \(range.lowerBound) to \(range.upperBound) (frame \(frame)): \(reason)"
        case .compression(let reason): "zstd can't compress: \(reason)"
        case .decompression(let reason): "can't decompress: \(reason)"
        }
    }
}
