internal import Glibc
internal import SystemPackage

/// The folders on the host in which a platform keeps its data; deleting them is the one thing that can't be undone.
struct DataFolders: Sendable {
    let paths: [FilePath]

    /// Takes absolute paths, as PersistentVolumes name them.
    init(_ paths: [String]) {
        self.paths = Set(paths).sorted().map { FilePath($0).lexicallyNormalized() }
    }

    private static let system = [
        "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/boot", "/dev", "/proc", "/sys", "/run",
        "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/systemd", "/var/lib/kubelet", "/var/lib/containerd",
    ].map { FilePath($0) }
    private static let parents = ["/var/lib", "/var/log", "/var/cache", "/var/tmp", "/var/run", "/home", "/root"].map {
        FilePath($0)
    }

    /// Why a path is never deleted, whatever a manifest says; `nil` where it may be.
    static func objection(to path: FilePath) -> String? {
        guard path.isAbsolute, path.components.allSatisfy({ $0.kind == .regular }) else {
            return "it is not an absolute path"
        }
        guard path.components.count >= 2 else { return "it is a top folder of the system" }
        guard !system.contains(where: { path.starts(with: $0) }), !parents.contains(where: { $0.starts(with: path) })
        else { return "it belongs to the system" }
        return path.removingLastComponent() == "/home" ? "it is somebody's home" : nil
    }

    /// Deletes the folders with everything in them, never across a mount or through a link; `refused` is called with
    /// each path that is left alone, and why. A folder that a disk is mounted on is emptied.
    func delete(refused: (FilePath, String) -> Void) throws {
        for path in paths {
            var status = stat()
            guard lstat(path.string, &status) == 0 else { continue }
            // The folders above may be links: to another disk, which is fine, or into the system.
            guard let above = realpath(path.removingLastComponent().string, nil) else { continue }
            defer { free(above) }
            let real = path.lastComponent.map { FilePath(String(cString: above)).appending($0) } ?? path
            if let objection = Self.objection(to: path) ?? Self.objection(to: real) {
                refused(path, objection)
                continue
            }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                refused(path, "it is not a folder")
                continue
            }
            try FolderTree(real).delete()
        }
    }
}

/// A folder that is deleted with everything below it on the same file system.
///
/// By descriptors, never by paths: whoever may write to the data can't lead us elsewhere with a link.
struct FolderTree {
    private let path: FilePath

    init(_ path: FilePath) { self.path = path }

    /// Deletes it; one that is not there is fine.
    func delete() throws(InstallError) {
        let root = open(path.string, Self.flags)
        guard root >= 0 else {
            guard errno != ENOENT, errno != ENOTDIR else { return }
            throw failure("open", path)
        }
        var status = stat()
        guard fstat(root, &status) == 0 else {
            close(root)
            throw failure("look at", path)
        }
        try empty(root, path, device: status.st_dev)
        // Busy: a disk is mounted here, and only what is on it was the platform's.
        guard rmdir(path.string) == 0 || errno == ENOENT || errno == EBUSY else { throw failure("delete", path) }
    }

    private static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    /// Deletes everything in `folder`, and closes it.
    private func empty(_ folder: CInt, _ path: FilePath, device: dev_t) throws(InstallError) {
        guard let stream = fdopendir(folder) else {
            close(folder)
            throw failure("list", path)
        }
        defer { closedir(stream) }
        for name in Self.names(in: stream) {
            let inner = path.appending(name)
            if unlinkat(folder, name, 0) == 0 || errno == ENOENT { continue }
            guard errno == EISDIR || errno == EPERM else { throw failure("delete", inner) }
            let child = openat(folder, name, Self.flags)
            guard child >= 0 else { throw failure("open", inner) }
            var status = stat()
            guard fstat(child, &status) == 0, status.st_dev == device else {
                close(child)
                throw .system(action: "delete across the mount", path: inner, errno: .resourceBusy)
            }
            try empty(child, inner, device: device)
            guard unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw failure("delete", inner) }
        }
    }

    private static func names(in stream: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func failure(_ action: String, _ path: FilePath) -> InstallError {
        .system(action: action, path: path, errno: Errno(rawValue: errno))
    }
}
