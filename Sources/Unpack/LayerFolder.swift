internal import Glibc
internal import Linux
package import SystemPackage

/// The folder of an unpacked layer, as a whole.
package enum LayerFolder {
    /// Puts `layer` in the place of `empty`, a folder of the same file system, with owner and mode of that.
    package static func move(_ layer: FilePath, to empty: FilePath) throws(UnpackDoubt) {
        var status = stat()
        guard lstat(empty.string, &status) == 0, lchown(layer.string, status.st_uid, status.st_gid) == 0,
            chmod(layer.string, status.st_mode & 0o7777) == 0, rename(layer.string, empty.string) == 0
        else { throw UnpackDoubt("can't move \(layer) to \(empty): \(Errno(rawValue: errno))") }
    }

    /// Whether there is nothing in a folder; not where it can't be read.
    package static func isEmpty(_ folder: FilePath) -> Bool {
        guard let stream = opendir(folder.string) else { return false }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        // Itself and the one above.
        return count == 2
    }

    /// Returns when everything on the file system of `folder` is on the disk.
    package static func sync(_ folder: FilePath) throws(UnpackDoubt) {
        let descriptor = open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UnpackDoubt("can't open \(folder): \(Errno(rawValue: errno))") }
        defer { close(descriptor) }
        guard Kernel.syncFileSystem(of: descriptor) else {
            throw UnpackDoubt("can't write \(folder) to the disk: \(Errno(rawValue: errno))")
        }
    }
}
