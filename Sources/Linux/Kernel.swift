internal import CLinux

/// Calls of Linux that Swift's Glibc module doesn't show.
package enum Kernel {
    /// Keeps the memory of this process from other processes of its user and from core dumps (prctl(2)); there is no
    /// error to be had for these arguments.
    package static func hideMemory() { _ = sealift_hide_memory() }

    /// Returns when everything on the file system of an open file is on the disk (syncfs(2)); `false` and `errno` where
    /// that failed.
    package static func syncFileSystem(of file: CInt) -> Bool { sealift_syncfs(file) == 0 }

    /// Starts to write an open file to the disk and doesn't wait (sync_file_range(2)): a help, whose failing is none.
    package static func startWriteback(of file: CInt) { _ = sealift_start_writeback(file) }

    /// The number of a device as mknod(2) takes it.
    package static func device(major: UInt32, minor: UInt32) -> UInt { sealift_device(major, minor) }

    /// The process that listens at the other end of a connected unix socket (unix(7), SO_PEERCRED); `nil` where it lives
    /// in a namespace that this one doesn't see.
    package static func peer(ofSocket socket: CInt) -> Int32? {
        let process = sealift_peer(socket)
        return process > 0 ? process : nil
    }
}
