package import FoundationEssentials
internal import Glibc
package import OCI
package import SystemPackage

/// Blobs that were fetched once, by digest; shared by all builds of a user, also at the same time.
///
/// `blobs/ALGORITHM/HEX` holds whole, verified blobs and nothing else; `ingest/` what is still coming; `packages/` what was
/// found in layers; `encoded/` what layers became that were encoded anew. A blob gets its final name only when it is complete and verified. Nothing is synced: whatever comes out of the cache is digested again,
/// so a blob that a power cut took is found and fetched anew (docs/decisions/0004). Only its owner can read it: what is
/// in it may have taken a password to fetch.
package struct BlobCache: Sendable {
    package let root: FilePath
    /// Keeps ``prune(at:)`` away for as long as somebody has this value.
    private let use: FileLock

    /// Opens the cache at `root`, making its folders; waits while it is pruned.
    package static func open(at root: FilePath) async throws -> BlobCache {
        let lock = try makeFolders(at: root)
        while true {
            if let use = try FileLock(trying: lock, .shared) { return BlobCache(root: root, use: use) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private init(root: FilePath, use: FileLock) {
        self.root = root
        self.use = use
    }

    /// Makes the folders of the cache at `root`; returns where its lock is.
    private static func makeFolders(at root: FilePath) throws(BuildError) -> FilePath {
        for folder in [root, root.appending("ingest"), root.appending("blobs"), findingsFolder(of: root)]
            + [encodingsFolder(of: root)] + blobFolders(of: root)
        {
            try BundleBuilder.makeFolders(folder, mode: .ownerReadWriteExecute)
        }
        return root.appending("lock")
    }

    private static func blobFolders(of root: FilePath) -> [FilePath] {
        Digest.Algorithm.allCases.map { root.appending("blobs").appending($0.rawValue) }
    }

    /// Where it is kept which packages are in which layer.
    static func findingsFolder(of root: FilePath) -> FilePath { root.appending("packages") }

    /// Where it is kept which blob a layer became.
    static func encodingsFolder(of root: FilePath) -> FilePath { root.appending("encoded") }

    /// `$XDG_CACHE_HOME/sealift`, or `~/.cache/sealift`; without a home, a folder of this user's in `/var/tmp`, which
    /// is made here, and is an error where it is somebody else's.
    package static func defaultPath(environment: [String: String]) throws(BuildError) -> FilePath {
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            return FilePath(cache).appending("sealift")
        }
        if let home = environment["HOME"], home.hasPrefix("/") {
            return FilePath(home).appending(".cache").appending("sealift")
        }
        let own = FilePath("/var/tmp/sealift-\(geteuid())")
        try BundleBuilder.makeFolders(own, mode: .ownerReadWriteExecute)
        var status = stat()
        // Anybody may put something there first, such as a link to where we would then write.
        guard lstat(own.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            status.st_mode & (S_IWGRP | S_IWOTH) == 0
        else { throw .foreignCache(own) }
        return own
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
    package func add(_ bytes: Data, as digest: Digest) throws(BuildError) { try add(bytes, at: path(of: digest)) }

    /// A small file whose first line is the digest of what follows, which is returned; `nil` where it isn't there or is
    /// damaged, as a power cut can leave it, and has to be made again.
    func note(at path: FilePath) -> Data? {
        guard let bytes = try? readBytes(at: path),  // as said
            let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        let content = Data(bytes[bytes.index(after: end)...])
        return bytes[..<end].elementsEqual("\(Digest.of(content))".utf8) ? content : nil
    }

    /// Puts a small file in place, whole or not at all; the one whose content `final` names, whoever writes it.
    func add(_ bytes: Data, at final: FilePath) throws(BuildError) {
        // Always the same, so that what a killed process left is taken over and does not add up.
        let folder = final.removingLastComponent().lastComponent?.string ?? ""
        let partial = root.appending("ingest").appending("\(folder)-\(final.lastComponent?.string ?? "")")
        // Whoever holds the lock, or has held it until now, puts the same there.
        guard let lock = try FileLock(trying: partial, .exclusive), lock.isStill(at: partial) else { return }
        defer { withExtendedLifetime(lock) {} }
        do {
            let file = try FileDescriptor.open(partial, .writeOnly, options: [.truncate, .closeOnExec])
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            unlink(partial.string)
            throw .system(action: "write", partial, error as? Errno ?? .ioError)
        }
        try adopt(partial, at: final)
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
            try await alone(with: partialPath(of: descriptor.digest)) { partial in
                // Somebody else may have finished it meanwhile; then this file is new, and nobody's.
                guard !contains(descriptor) else {
                    unlink(partial.string)
                    return
                }
                try await fetch(partial)
                try adopt(partial, at: path(of: descriptor.digest))
            }
        }
    }

    /// Fetches a file that is known by its URL only, and takes it in under the digest that `fetch` finds.
    ///
    /// `fetch` writes to the path that it is given. Another process that fetches from the same URL is waited for.
    func add(
        fetchedFrom url: String, fetch: @Sendable (FilePath) async throws -> (digest: Digest, size: Int64)
    ) async throws -> (digest: Digest, size: Int64) {
        try await add(named: "url-\(Digest.of(Data(url.utf8)).hex)") { partial in
            let found = try await fetch(partial)
            return (found.digest, found)
        }
    }

    /// Takes in what `make` writes to the path that it is given, under the digest that it returns; with none, what it
    /// wrote is removed. Another process that makes something of the same name is waited for.
    func add<Value: Sendable>(
        named name: String, make: @Sendable (FilePath) async throws -> (digest: Digest?, value: Value)
    ) async throws -> Value {
        try await alone(with: root.appending("ingest").appending(name)) { partial in
            let made = try await make(partial)
            if let digest = made.digest {
                try adopt(partial, at: path(of: digest))
            } else {
                unlink(partial.string)
            }
            return made.value
        }
    }

    /// Runs `body` once nobody else works on the unfinished file `partial`, which may be there or not.
    private func alone<Value: Sendable>(
        with partial: FilePath, _ body: @Sendable (FilePath) async throws -> Value
    ) async throws -> Value {
        while true {
            guard let lock = try FileLock(trying: partial, .exclusive) else {
                try await Task.sleep(for: .milliseconds(100))
                continue
            }
            defer { withExtendedLifetime(lock) {} }
            // The one that held the lock before us may have given the file its final name.
            if lock.isStill(at: partial) { return try await body(partial) }
        }
    }

    /// Removes every blob of the cache at `root`, what is unfinished too; returns how many, and their bytes. Throws
    /// ``BuildError/cacheInUse(_:)``, and removes nothing, while a build or a `lock` works with it.
    package static func prune(at root: FilePath) throws(BuildError) -> (blobs: Int, bytes: Int64) {
        guard let lock = try FileLock(trying: try makeFolders(at: root), .exclusive) else { throw .cacheInUse(root) }
        defer { withExtendedLifetime(lock) {} }
        var blobs = 0
        var bytes: Int64 = 0
        for folder in blobFolders(of: root) + [
            root.appending("ingest"), findingsFolder(of: root), encodingsFolder(of: root),
        ] {
            for name in try names(in: folder) {
                let path = folder.appending(name)
                let size = fileSize(path) ?? 0
                guard unlink(path.string) == 0 else {
                    throw .system(action: "remove", path, Errno(rawValue: errno))
                }
                bytes += size
                blobs += 1
            }
        }
        return (blobs, bytes)
    }

    /// Gives a whole file of the cache's `ingest` folder its final name.
    private func adopt(_ file: FilePath, at final: FilePath) throws(BuildError) {
        guard rename(file.string, final.string) == 0 else {
            throw .system(action: "rename to", final, Errno(rawValue: errno))
        }
    }
}

/// An advisory lock on a file, for as long as the value lives.
private final class FileLock: Sendable {
    enum Kind {
        case shared, exclusive
    }

    private let file: FileDescriptor

    /// `nil` when another process, or another build of this one, has it.
    init?(trying path: FilePath, _ kind: Kind) throws(BuildError) {
        do {
            file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: .ownerReadWrite)
        } catch {
            throw BuildError.system(action: "create", path, error as? Errno ?? .ioError)
        }
        // Whatever the umask was; a file that was there may be another user's, who has seen to it.
        fchmod(file.rawValue, FilePermissions.ownerReadWrite.rawValue)
        guard flock(file.rawValue, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            let reason = Errno(rawValue: errno)
            try? file.close()  // nothing was written through it
            // A file system that has no locks must not be waited for.
            guard reason == .wouldBlock else { throw BuildError.system(action: "lock", path, reason) }
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
