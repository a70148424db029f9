internal import Glibc
internal import SystemPackage

/// Keeps two commands that change the host apart; let go when it goes out of scope or the process ends, however it ends.
struct InstallLock: ~Copyable {
    private let file: FileDescriptor

    /// Takes the lock at `path`; throws ``InstallError/busy(pid:)`` where another process holds it.
    init(at path: FilePath) throws(InstallError) {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerRead, .ownerWrite])
        } catch {
            throw .system(action: "open the lock", path: path, errno: error as? Errno ?? .ioError)
        }
        guard let reason = Self.problem(locking: file) else {
            // For whoever meets the lock; the lock itself is the kernel's, so a file left behind locks nobody out.
            ftruncate(file.rawValue, 0)
            _ = try? file.writeAll(toAbsoluteOffset: 0, "\(getpid())\n".utf8)
            self.file = file
            return
        }
        let holder = Self.holder(of: file)
        // Only opened; there is nothing to lose.
        try? file.close()
        guard reason == .wouldBlock else { throw .system(action: "lock", path: path, errno: reason) }
        throw .busy(pid: holder)
    }

    /// `nil` once the lock is taken.
    private static func problem(locking file: borrowing FileDescriptor) -> Errno? {
        // A child that was just made when its parent was killed has the lock until it has become another program.
        for _ in 0..<250 {
            if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 { return nil }
            let reason = Errno(rawValue: errno)
            guard reason == .wouldBlock, let holder = holder(of: file), kill(pid_t(truncatingIfNeeded: holder), 0) != 0,
                errno == ESRCH
            else { return reason }
            usleep(20_000)
        }
        return .wouldBlock
    }

    deinit {
        // By name: a child that has not become another program yet would keep what is only closed here.
        flock(file.rawValue, LOCK_UN)
        try? file.close()  // nothing can be done where it fails
    }

    private static func holder(of file: borrowing FileDescriptor) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file.rawValue, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
