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
        let own = lock.subset(for: bundle)
        try change(path) { $0.replacing(bundle: bundle, images: own.images, files: own.files) }
    }

    /// Notes what became of `entries` when they were encoded anew; where nothing is new, nothing is written.
    static func note(encodingsOf entries: [ImagesLock.Entry], at path: FilePath) throws {
        let now = try LockCommand.read(path)
        guard now.noting(encodingsOf: entries) != now else { return }
        try change(path) { $0.noting(encodingsOf: entries) }
    }

    private static func change(_ path: FilePath, _ change: (ImagesLock) -> ImagesLock) throws {
        let parent = path.removingLastComponent()
        let folder = open(parent.isEmpty ? "." : parent.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open", parent) }
        defer { close(folder) }
        // Held for as long as a small file takes to write. A file system without locks (EINVAL, ENOLCK, EBADF over NFS)
        // is where two at once can't be told apart; alone it must do.
        while flock(folder, LOCK_EX) != 0, errno == EINTR {}
        try DurableFile.write(Data(change(try LockCommand.read(path)).encoded().utf8), to: path)
    }

    private static func failure(_ action: String, _ path: FilePath) -> BundleError {
        .system(action: action, path: path, errno: Errno(rawValue: errno))
    }
}
