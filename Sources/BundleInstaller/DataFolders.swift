internal import Glibc
package import SystemPackage

/// The folders on the host in which a platform keeps its data; deleting them is the one thing that can't be undone.
package struct DataFolders: Sendable {
    package let paths: [FilePath]

    /// Takes absolute paths, as PersistentVolumes name them.
    package init(_ paths: [String]) {
        self.paths = Set(paths).sorted().map { FilePath($0).lexicallyNormalized() }
    }

    /// Why a path is never deleted, whatever a manifest says; `nil` where it may be.
    package static func objection(to path: FilePath) -> String? {
        guard path.isAbsolute, path.components.allSatisfy({ $0.kind == .regular }) else {
            return "it is not an absolute path"
        }
        guard path.components.count >= 2 else { return "it is a top folder of the system" }
        let system = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/boot", "/dev", "/proc", "/sys", "/run"]
        if system.contains(where: { path.starts(with: FilePath($0)) }) { return "it belongs to the system" }
        let parents = ["/var/lib", "/var/log", "/var/cache", "/var/tmp", "/var/run", "/home", "/root"]
        if parents.contains(where: { FilePath($0).starts(with: path) }) { return "it belongs to the system" }
        return nil
    }

    /// Deletes the folders with everything in them, never across a mount or through a link; `refused` is called with
    /// each path that is left alone, and why.
    package func delete(refused: (FilePath, String) -> Void) throws {
        for path in paths {
            var status = stat()
            guard lstat(path.string, &status) == 0 else { continue }
            if let objection = Self.objection(to: path) {
                refused(path, objection)
                continue
            }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                refused(path, "it is not a folder")
                continue
            }
            try Tree(device: status.st_dev).delete(path)
        }
    }

    /// A folder that is deleted with everything below it on the same file system.
    struct Tree {
        var device: dev_t

        func delete(_ path: FilePath) throws {
            for name in try names(in: path) {
                let inner = path.appending(name)
                var status = stat()
                guard lstat(inner.string, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    guard status.st_dev == device else {
                        throw InstallError.system(action: "delete across the mount", path: inner, errno: .resourceBusy)
                    }
                    try delete(inner)
                } else {
                    guard unlink(inner.string) == 0 || errno == ENOENT else {
                        throw InstallError.system(action: "delete", path: inner, errno: Errno(rawValue: errno))
                    }
                }
            }
            guard rmdir(path.string) == 0 || errno == ENOENT else {
                throw InstallError.system(action: "delete", path: path, errno: Errno(rawValue: errno))
            }
        }

        private func names(in folder: FilePath) throws -> [String] {
            guard let stream = opendir(folder.string) else {
                throw InstallError.system(action: "list", path: folder, errno: Errno(rawValue: errno))
            }
            defer { closedir(stream) }
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { names.append(name) }
            }
            return names
        }
    }
}
