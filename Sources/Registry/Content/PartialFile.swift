internal import Glibc
internal import HTTP
internal import SystemPackage

/// A file that a body is written into, and that may hold the start of it from an earlier run.
final class PartialFile: BodyOutput {
    let path: FilePath
    private let descriptor: FileDescriptor

    /// Opens the file, which is made where there is none and never truncated here.
    init(at path: FilePath) throws(RegistryError) {
        self.path = path
        do {
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: .ownerReadWrite)
        } catch {
            throw .disk(path: path, (error as? Errno) ?? .ioError)
        }
        // Whatever the umask: the next run must be able to go on with it.
        fchmod(descriptor.rawValue, FilePermissions.ownerReadWrite.rawValue)
    }

    deinit {
        try? descriptor.close()  // written data was checked by `write`; the caller syncs
    }

    /// The file's length now.
    func size() throws(RegistryError) -> Int64 {
        try checked { try descriptor.seek(offset: 0, from: .end) }
    }

    /// Hands everything that the file holds to `body`, in order.
    func readAll(_ body: (UnsafeRawBufferPointer) -> Void) throws(RegistryError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while true {
            let count = try checked { try descriptor.read(fromAbsoluteOffset: offset, into: buffer) }
            guard count > 0 else { return }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(RegistryError) -> BodyFlow {
        _ = try checked { try descriptor.writeAll(toAbsoluteOffset: offset, bytes) }
        return .proceed
    }

    func rewind() throws(RegistryError) -> Bool {
        try checked { try descriptor.resize(to: 0) }
        return true
    }

    /// Removes the file: its bytes were proven wrong.
    func remove() throws(RegistryError) {
        guard unlink(path.string) == 0 || errno == ENOENT else { throw .disk(path: path, Errno(rawValue: errno)) }
    }

    private func checked<Result>(_ body: () throws -> Result) throws(RegistryError) -> Result {
        do {
            return try body()
        } catch {
            throw .disk(path: path, (error as? Errno) ?? .ioError)
        }
    }
}
