internal import Glibc
package import SystemPackage

/// Puts a file in place whole or not at all: temporary name in the same folder, `fsync`, rename, `fsync` of the folder.
package enum DurableFile {
    /// Writes a file through `body` and renames it to `path` once it is on disk; what was at `path` stays until then.
    ///
    /// Until then only its owner can read it; then it has `mode`, whatever the umask. When `body` throws, the temporary
    /// file is removed and nothing else has happened. Where the process was killed, the next one that writes `path`
    /// removes it. Throws before anything else where there is a folder, device or pipe at `path`.
    package static func write<Result>(
        to path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o644),
        _ body: (_ file: FileDescriptor, _ temporary: FilePath) throws -> Result
    ) throws -> Result {
        try mustBeReplaceable(path)
        removeRemains(of: path)
        let (file, temporary) = try create(for: path)
        do {
            let result = try body(file, temporary)
            try publish(file, temporary, at: path, mode: mode)
            try system("close", path) { try file.close() }
            return result
        } catch {
            // Best effort on the way out: the error that brought us here is the one to report.
            try? file.close()
            unlink(temporary.string)
            throw error
        }
    }

    /// Writes `bytes` to `path`, durably.
    package static func write(
        _ bytes: some Sequence<UInt8>, to path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o644)
    ) throws {
        try write(to: path, mode: mode) { file, temporary in
            try system("write", temporary) { _ = try file.writeAll(bytes) }
        }
    }

    /// A rename would take `/dev/null` or `/dev/stdout` away from the whole host, from root at least.
    private static func mustBeReplaceable(_ path: FilePath) throws(BundleError) {
        var status = stat()
        guard lstat(path.string, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFLNK where !path.starts(with: "/dev") && !path.starts(with: "/proc"): return
        case S_IFDIR: throw .system(action: "write the file", path: path, errno: .isDirectory)
        default: throw .system(action: "put a file in the place of the device or pipe", path: path, errno: .fileExists)
        }
    }

    /// Syncs a finished file that stands under another name of the same file system and renames it to `path`.
    package static func publish(_ file: FileDescriptor, _ temporary: FilePath, at path: FilePath, mode: FilePermissions)
        throws(BundleError)
    {
        guard fchmod(file.rawValue, mode.rawValue) == 0 else { throw failure("set the mode of", temporary) }
        try sync(file, temporary)
        guard rename(temporary.string, path.string) == 0 else { throw failure("rename to", path) }
        try syncFolder(of: path)
    }

    /// Waits until all that was written to the file is on disk.
    package static func sync(_ file: FileDescriptor, _ path: FilePath) throws(BundleError) {
        guard fsync(file.rawValue) == 0 else { throw failure("sync", path) }
    }

    /// Makes a new name, a rename or a removal in `path`'s folder survive a power cut.
    package static func syncFolder(of path: FilePath) throws(BundleError) {
        let parent = path.removingLastComponent()
        let folder = open(parent.isEmpty ? "." : parent.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open", parent) }
        defer { close(folder) }
        // Some file systems (vfat on a stick) can't sync a folder and say EINVAL; there is nothing more to be had.
        guard fsync(folder) == 0 || errno == EINVAL else { throw failure("sync", parent) }
    }

    /// Removes the temporary files that writers of `path` left which were killed; those of others at work stay.
    package static func removeRemains(of path: FilePath) {
        let folder = path.removingLastComponent()
        // A folder that can't be listed has nothing that we could clear away; whoever writes there is told.
        guard let name = path.lastComponent?.string, let stream = opendir(folder.isEmpty ? "." : folder.string) else {
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard found.hasPrefix(".\(name)."), found.hasSuffix(suffix) else { continue }
            let remains = folder.appending(found)
            let number = open(remains.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard number >= 0 else { continue }
            if flock(number, LOCK_EX | LOCK_NB) == 0 { unlink(remains.string) }
            close(number)
        }
    }

    /// Makes a temporary file that is locked for as long as it is written.
    static func create(for path: FilePath) throws -> (file: FileDescriptor, temporary: FilePath) {
        while true {
            let temporary = temporaryPath(for: path)
            let file = try system("create", temporary) {
                try FileDescriptor.open(
                    temporary, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: .ownerReadWrite)
            }
            // A umask that takes even the owner's rights would keep the next writer from clearing it away.
            fchmod(file.rawValue, FilePermissions.ownerReadWrite.rawValue)
            // Before the lock was there, another writer of the same file may have taken it for remains.
            var status = stat()
            let isLocked = flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
            if isLocked, fstat(file.rawValue, &status) == 0, status.st_nlink > 0 { return (file, temporary) }
            try? file.close()  // nothing was written yet
        }
    }

    private static let suffix = ".partial"

    private static func temporaryPath(for path: FilePath) -> FilePath {
        let name = path.lastComponent?.string ?? "file"
        return path.removingLastComponent().appending(
            ".\(name).\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))\(suffix)")
    }

    /// What `errno` says about a call that has just failed.
    static func failure(_ action: String, _ path: FilePath) -> BundleError {
        .system(action: action, path: path, errno: Errno(rawValue: errno))
    }

    private static func system<Result>(_ action: String, _ path: FilePath, _ body: () throws -> Result) throws -> Result
    {
        do {
            return try body()
        } catch let error as Errno {
            throw BundleError.system(action: action, path: path, errno: error)
        }
    }
}
