internal import BundleFormat
internal import FoundationEssentials
internal import Glibc
package import OCI
internal import Registry
package import SystemPackage

/// A blob in a file: of the cache, or one that the user gave.
package final class FilePayload: PayloadSource {
    /// The file's content is not that of the descriptor.
    package struct Corrupted: Error {
        package var descriptor: Descriptor
        package var path: FilePath
        package var found: Digest
    }

    private let descriptor: Descriptor
    private let path: FilePath
    private let file: FileDescriptor
    /// `nil` where this very build has checked the bytes while it wrote them.
    private var hasher: DigestHasher?

    /// Opens the file; `isVerified` where its bytes need not be digested again.
    package init(_ descriptor: Descriptor, at path: FilePath, isVerified: Bool) throws {
        self.descriptor = descriptor
        self.path = path
        do {
            file = try FileDescriptor.open(path, .readOnly)
        } catch {
            throw BuildError.system(action: "open", path, error as? Errno ?? .ioError)
        }
        hasher = isVerified ? nil : DigestHasher(descriptor.digest.algorithm)
        posix_fadvise(file.rawValue, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { try? file.close() }  // only read

    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let count: Int
        do {
            count = try file.read(into: target)
        } catch {
            throw BuildError.system(action: "read", path, error as? Errno ?? .ioError)
        }
        hasher?.update(UnsafeRawBufferPointer(rebasing: target[..<count]))
        if count == 0, let found = hasher?.digest(), found != descriptor.digest {
            throw Corrupted(descriptor: descriptor, path: path, found: found)
        }
        return count
    }
}

/// A blob that comes straight from a registry.
final class StreamPayload: PayloadSource {
    private let stream: BlobStream

    init(_ stream: BlobStream) { self.stream = stream }

    deinit { stream.cancel() }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int { try stream.read(into: target) }
}

/// A blob whose reading stops when a board is stopped, and whose bytes are counted.
final class WatchedPayload: PayloadSource {
    private let source: any PayloadSource
    private let board: FetchBoard
    private let count: @Sendable (Int64) -> Void

    init(_ source: any PayloadSource, _ board: FetchBoard, count: @escaping @Sendable (Int64) -> Void) {
        self.source = source
        self.board = board
        self.count = count
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !board.isStopped else { throw FetchBoard.Stopped() }
        let read = try source.read(into: target)
        count(Int64(read))
        return read
    }
}
