internal import Glibc
package import SystemPackage

/// Keeps imports into one containerd apart: whoever holds it knows that every leftover is of an import that has ended.
///
/// It is a lock on the folder of containerd's socket: nothing is created, it follows the containerd through bind
/// mounts and into containers, and the kernel releases it whatever kills the holder. A process id in a label would
/// mean nothing in another PID namespace, and something wrong after a restart.
package final class ImportLock {
    private let folder: FileDescriptor

    /// Takes the lock; throws ``NodeImagesError/busy(socket:pid:)`` where another import has it.
    package init(for socket: FilePath) throws(NodeImagesError) {
        let path = socket.removingLastComponent()
        do {
            folder = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        } catch {
            throw .system(action: "open", path: path, errno: error as? Errno ?? .ioError)
        }
        guard flock(folder.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let code = Errno(rawValue: errno)
            let holder = Self.holder(of: folder)
            // It was only opened: nothing to lose.
            try? folder.close()
            throw code == .wouldBlock
                ? .busy(socket: socket, pid: holder) : .system(action: "lock", path: path, errno: code)
        }
    }

    /// The process that has the lock; `nil` where the kernel doesn't tell, as of one in another PID namespace.
    private static func holder(of folder: FileDescriptor) -> Int? {
        var status = stat()
        guard fstat(folder.rawValue, &status) == 0, let file = fopen("/proc/locks", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), file) != nil {
            // "1: FLOCK ADVISORY WRITE 1234 fd:01:5678 0 EOF" (proc_locks(5))
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let fields = text.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK", fields[5].hasSuffix(":\(status.st_ino)"),
                let pid = Int(fields[4]), pid > 0
            else { continue }
            return pid
        }
        return nil
    }

    deinit {
        // Closing releases the lock; a failing close has closed all the same.
        try? folder.close()
    }
}
