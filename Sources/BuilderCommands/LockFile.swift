internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import FoundationEssentials
internal import Glibc
internal import SystemPackage

/// The file images.lock, which can serve several bundles.
enum LockFile {
    /// Writes what `lock` says of `bundle`; what was locked for other bundles since it was read stays.
    static func put(_ lock: ImagesLock, of bundle: String, at path: FilePath) throws {
        let parent = path.removingLastComponent()
        let folder = open(parent.isEmpty ? "." : parent.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open", parent) }
        defer { close(folder) }
        // Held for as long as a small file takes to write. A file system without locks (EINVAL, ENOLCK, EBADF over NFS)
        // is where two at once can't be told apart; alone it must do.
        while flock(folder, LOCK_EX) != 0, errno == EINTR {}
        let now = try LockCommand.read(path)
        let own = lock.subset(for: bundle)
        let merged = now.replacing(bundle: bundle, images: own.images, files: own.files)
        try DurableFile.write(Data(merged.encoded().utf8), to: path)
    }

    private static func failure(_ action: String, _ path: FilePath) -> BundleError {
        .system(action: action, path: path, errno: Errno(rawValue: errno))
    }
}
