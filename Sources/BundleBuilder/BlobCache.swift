package import FoundationEssentials
internal import Glibc
package import OCI
package import SystemPackage

/// Blobs that were fetched once, by digest; shared by all builds of a user, also at the same time.
///
/// `blobs/ALGORITHM/HEX` holds whole, verified blobs and nothing else; `ingest/` what is still coming. A blob gets its
/// final name only when it is complete and verified. Nothing is synced: whatever comes out of the cache is digested again,
/// so a blob that a power cut took is found and fetched anew (docs/decisions/0004).
package struct BlobCache: Sendable {
    package let root: FilePath

    /// Opens the cache at `root`, making its folders.
    package init(at root: FilePath) throws(BuildError) {
        self.root = root
        for folder in [root, root.appending("ingest"), root.appending("blobs")]
            + Digest.Algorithm.allCases.map({ root.appending("blobs").appending($0.rawValue) })
        {
            try makeFolders(folder)
        }
    }

    /// `$XDG_CACHE_HOME/sealift`, or `~/.cache/sealift`.
    package static func defaultPath(environment: [String: String]) -> FilePath {
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            return FilePath(cache).appending("sealift")
        }
        return FilePath(environment["HOME"] ?? "/var/tmp").appending(".cache").appending("sealift")
    }

    /// Where a blob is, or will be.
    package func path(of digest: Digest) -> FilePath {
        root.appending("blobs").appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Where a blob that is not whole yet is.
    func partialPath(of digest: Digest) -> FilePath {
        root.appending("ingest").appending("\(digest.algorithm.rawValue)-\(digest.hex)")
    }

    /// Whether a blob of that length is there. That its bytes are right is checked whenever it is used.
    package func contains(_ descriptor: Descriptor) -> Bool { fileSize(path(of: descriptor.digest)) == descriptor.size }

    /// How much of a blob an earlier, interrupted fetch has left.
    package func partialSize(_ descriptor: Descriptor) -> Int64 {
        min(fileSize(partialPath(of: descriptor.digest)) ?? 0, descriptor.size)
    }

    /// The small blob `descriptor`, if it is there and right; a wrong one is removed.
    package func bytes(of descriptor: Descriptor) -> Data? {
        guard contains(descriptor), let bytes = try? readBytes(at: path(of: descriptor.digest)),  // else fetched again
            Digest.of(bytes, algorithm: descriptor.digest.algorithm) == descriptor.digest
        else {
            remove(descriptor.digest)
            return nil
        }
        return bytes
    }

    /// Puts in a small blob, whose digest the caller has checked.
    package func add(_ bytes: Data, as digest: Digest) throws(BuildError) {
        let partial = root.appending("ingest").appending(
            ".\(digest.hex).\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))")
        do {
            let file = try FileDescriptor.open(
                partial, .writeOnly, options: [.create, .exclusiveCreate],
                permissions: FilePermissions(rawValue: 0o644))
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            unlink(partial.string)
            throw .system(action: "write", partial, error as? Errno ?? .ioError)
        }
        try adopt(partial, as: digest)
    }

    /// Forgets a blob that turned out to be wrong.
    package func remove(_ digest: Digest) { unlink(path(of: digest).string) }

    /// Makes sure that a blob is there, fetching it if it isn't.
    ///
    /// `fetch` writes the blob to the path that it is given, going on from what stands there already, and throws unless
    /// the whole is there and verified. Another process that fetches the same blob is waited for.
    package func add(
        _ descriptor: Descriptor, fetch: @Sendable (FilePath) async throws -> Void
    ) async throws {
        while !contains(descriptor) {
            let partial = partialPath(of: descriptor.digest)
            guard let lock = try FileLock(trying: partial) else {
                try await Task.sleep(for: .milliseconds(100))
                continue
            }
            defer { withExtendedLifetime(lock) {} }
            // The one that held the lock before us may have finished it; then our file is no longer the partial one.
            guard !contains(descriptor), lock.isStill(at: partial) else { continue }
            try await fetch(partial)
            try adopt(partial, as: descriptor.digest)
        }
    }

    /// Removes every blob that isn't in use; returns how many, and their bytes.
    package func prune() throws(BuildError) -> (blobs: Int, bytes: Int64) {
        var blobs = 0
        var bytes: Int64 = 0
        for folder in Digest.Algorithm.allCases.map({ root.appending("blobs").appending($0.rawValue) }) {
            for name in try names(in: folder) {
                let path = folder.appending(name)
                bytes += fileSize(path) ?? 0
                blobs += 1
                unlink(path.string)
            }
        }
        for name in try names(in: root.appending("ingest")) {
            let path = root.appending("ingest").appending(name)
            // A fetch that is under way keeps its file.
            guard let lock = try FileLock(trying: path) else { continue }
            bytes += fileSize(path) ?? 0
            blobs += 1
            withExtendedLifetime(lock) { _ = unlink(path.string) }
        }
        return (blobs, bytes)
    }

    /// Takes in a file of the cache's `ingest` folder that was found to have `digest`.
    func adopt(_ file: FilePath, as digest: Digest) throws(BuildError) {
        let final = path(of: digest)
        guard rename(file.string, final.string) == 0 else {
            throw .system(action: "rename to", final, Errno(rawValue: errno))
        }
    }
}

/// An advisory lock on a file, for as long as the value lives.
private final class FileLock: Sendable {
    private let file: FileDescriptor

    /// `nil` when another process, or another build of this one, has it.
    init?(trying path: FilePath) throws(BuildError) {
        do {
            file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec], permissions: FilePermissions(rawValue: 0o600))
        } catch {
            throw BuildError.system(action: "create", path, error as? Errno ?? .ioError)
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? file.close()  // nothing was written through it
            return nil
        }
    }

    deinit { try? file.close() }  // gives the lock back; nothing was written through it

    /// Whether the locked file is the one that stands at `path` now.
    func isStill(at path: FilePath) -> Bool {
        var own = stat()
        var there = stat()
        return fstat(file.rawValue, &own) == 0 && stat(path.string, &there) == 0 && own.st_ino == there.st_ino
    }
}
