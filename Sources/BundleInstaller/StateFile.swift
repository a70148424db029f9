internal import BundleFormat
package import FoundationEssentials
internal import Glibc
package import OCI
package import SystemPackage

/// Small files of the installation's state.
package enum StateFile {
    /// The content of the file at `path`; `nil` where there is none.
    package static func read(_ path: FilePath) throws(InstallError) -> Data? {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            defer { try? file.close() }  // only read
            var bytes = Data()
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                guard count > 0 else { return bytes }
                bytes.append(contentsOf: buffer[..<count])
            }
        } catch {
            let errno = error as? Errno ?? .ioError
            guard errno != .noSuchFileOrDirectory, errno != .notDirectory else { return nil }
            throw .system(action: "read", path: path, errno: errno)
        }
    }

    /// The digest of the file at `path`; `nil` where there is none.
    package static func digest(of path: FilePath) throws(InstallError) -> Digest? {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            defer { try? file.close() }  // only read
            var hasher = DigestHasher()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try file.read(into: buffer)
                guard count > 0 else { return hasher.digest() }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch {
            let errno = error as? Errno ?? .ioError
            guard errno != .noSuchFileOrDirectory, errno != .notDirectory else { return nil }
            throw .system(action: "read", path: path, errno: errno)
        }
    }

    /// Copies a file, durably; what was at `target` stays until the copy is whole.
    package static func copy(_ source: FilePath, to target: FilePath, mode: FilePermissions) throws {
        let input = try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        defer { try? input.close() }  // only read
        try DurableFile.write(to: target, mode: mode) { file, _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try input.read(into: buffer)
                guard count > 0 else { return }
                try file.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Makes a folder and those above it; only `path` itself gets `mode`.
    package static func makeFolder(_ path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o755))
        throws(InstallError)
    {
        guard mkdir(path.string, mode.rawValue) != 0 else { return }
        switch Errno(rawValue: errno) {
        case .fileExists:
            var status = stat()
            guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw .system(action: "make the folder", path: path, errno: .notDirectory)
            }
        case .noSuchFileOrDirectory where path.removingLastComponent() != path:
            try makeFolder(path.removingLastComponent())
            guard mkdir(path.string, mode.rawValue) == 0 || errno == EEXIST else {
                throw .system(action: "make the folder", path: path, errno: Errno(rawValue: errno))
            }
        case let reason: throw .system(action: "make the folder", path: path, errno: reason)
        }
    }

    /// Removes a file and what is left of attempts to write it; one that is not there is fine. Whether there was one.
    @discardableResult
    package static func remove(_ path: FilePath) throws(InstallError) -> Bool {
        DurableFile.removeRemains(of: path)
        if unlink(path.string) == 0 { return true }
        guard errno != ENOENT, errno != ENOTDIR else { return false }
        throw .system(action: "remove", path: path, errno: Errno(rawValue: errno))
    }
}
