internal import Glibc
package import SystemPackage

/// Keeps imports into one containerd apart: whoever holds it knows that every leftover is of an import that has ended.
///
/// It is a lock on the folder of containerd's socket: nothing is created, it follows the containerd through bind
/// mounts and into containers, and the kernel releases it whatever kills the holder. A process id in a label would
/// mean nothing in another PID namespace, and something wrong after a restart.
package final class ImportLock {
    private let folder: FileDescriptor

    /// Takes the lock; throws ``NodeImagesError/busy(socket:)`` where another import has it.
    package init(for socket: FilePath) throws(NodeImagesError) {
        let path = socket.removingLastComponent()
        do {
            folder = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        } catch {
            throw .system(action: "open", path: path, errno: error as? Errno ?? .ioError)
        }
        guard flock(folder.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let code = Errno(rawValue: errno)
            // It was only opened: nothing to lose.
            try? folder.close()
            throw code == .wouldBlock ? .busy(socket: socket) : .system(action: "lock", path: path, errno: code)
        }
    }

    deinit {
        // Closing releases the lock; a failing close has closed all the same.
        try? folder.close()
    }
}
