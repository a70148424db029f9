internal import BundleFormat
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import SystemPackage

/// Small files of the installation's state.
enum StateFile {
    /// The content of the file at `path`; `nil` where there is none.
    static func read(_ path: FilePath) throws(InstallError) -> Data? {
        try present(path) { () throws(Errno) in Data(try FileContent.bytes(of: path)) }
    }

    /// The digest of the file at `path`; `nil` where there is none.
    static func digest(of path: FilePath) throws(InstallError) -> Digest? {
        try present(path) { () throws(Errno) in try FileContent.digest(of: path).digest }
    }

    private static func present<Value>(
        _ path: FilePath, _ read: () throws(Errno) -> Value
    ) throws(InstallError) -> Value? {
        do { return try read() } catch {
            guard error != .noSuchFileOrDirectory, error != .notDirectory else { return nil }
            throw .system(action: "read", path: path, errno: error)
        }
    }

    /// The length of the file at `path`.
    static func size(of path: FilePath) throws(InstallError) -> Int64 {
        var status = stat()
        guard stat(path.string, &status) == 0 else {
            throw .system(action: "look at", path: path, errno: Errno(rawValue: errno))
        }
        return Int64(status.st_size)
    }

    /// Writes a small file for root's eyes only, durably.
    static func writeSecret(_ bytes: some Sequence<UInt8>, to path: FilePath) throws {
        try DurableFile.write(to: path, mode: [.ownerRead, .ownerWrite]) { file, temporary in
            try attempt("write", temporary) { _ = try file.writeAll(bytes) }
        }
    }

    /// Copies a file, durably; what was at `target` stays until the copy is whole.
    static func copy(_ source: FilePath, to target: FilePath, mode: FilePermissions) throws {
        let input = try attempt("read", source) {
            try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        }
        defer { try? input.close() }  // only read
        try DurableFile.write(to: target, mode: mode) { file, temporary in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try attempt("read", source) { try input.read(into: buffer) }
                guard count > 0 else { return }
                try attempt("write", temporary) {
                    _ = try file.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
            }
        }
    }

    /// Runs system calls; an error says what was done to which path.
    static func attempt<Value>(_ action: String, _ path: FilePath, _ body: () throws -> Value) throws(InstallError)
        -> Value
    {
        do {
            return try body()
        } catch {
            throw .system(action: action, path: path, errno: error as? Errno ?? .ioError)
        }
    }

    /// Makes a folder and those above it; only `path` itself gets `mode`, and only where it was not there.
    static func makeFolder(_ path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o755))
        throws(InstallError)
    {
        guard mkdir(path.string, mode.rawValue) != 0 else {
            // Pods must get at what is in it whatever root's umask.
            guard chmod(path.string, mode.rawValue) == 0 else {
                throw .system(action: "set the mode of", path: path, errno: Errno(rawValue: errno))
            }
            return try syncFolder(of: path)
        }
        switch Errno(rawValue: errno) {
        case .fileExists:
            var status = stat()
            guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw .system(action: "make the folder", path: path, errno: .notDirectory)
            }
        case .noSuchFileOrDirectory where !path.removingLastComponent().isEmpty:
            try makeFolder(path.removingLastComponent())
            try makeFolder(path, mode: mode)
        case let reason: throw .system(action: "make the folder", path: path, errno: reason)
        }
    }

    /// Makes a new name or a removal in `path`'s folder survive a power cut.
    static func syncFolder(of path: FilePath) throws(InstallError) {
        do throws(BundleError) {
            try DurableFile.syncFolder(of: path)
        } catch {
            guard case .system(let action, let path, let errno) = error else { return }
            throw .system(action: action, path: path, errno: errno)
        }
    }

    /// Removes a file and what is left of attempts to write it; one that is not there is fine. Whether there was one.
    @discardableResult
    static func remove(_ path: FilePath) throws(InstallError) -> Bool {
        DurableFile.removeRemains(of: path)
        if unlink(path.string) == 0 { return true }
        guard errno != ENOENT, errno != ENOTDIR else { return false }
        throw .system(action: "remove", path: path, errno: Errno(rawValue: errno))
    }
}
