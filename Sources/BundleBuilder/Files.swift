internal import BundleFormat
internal import Definition
internal import FoundationEssentials
internal import Glibc
internal import OCI
package import SystemPackage

/// The length of the regular file at `path`; `nil` if there is none.
func fileSize(_ path: FilePath) -> Int64? {
    var status = stat()
    guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int64(status.st_size)
}

/// Makes a folder and those above it; those that were not there get `mode`, whatever the umask.
package func makeFolders(
    _ path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o755)
) throws(BuildError) {
    if try makeFolder(path, mode: mode) { return }
    if errno == EEXIST {
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(action: "create", path, .notDirectory)
        }
        return
    }
    let parent = path.removingLastComponent()
    guard errno == ENOENT, !parent.isEmpty, parent != path else {
        throw .system(action: "create", path, Errno(rawValue: errno))
    }
    try makeFolders(parent, mode: mode)
    guard try makeFolder(path, mode: mode) || errno == EEXIST else {
        throw .system(action: "create", path, Errno(rawValue: errno))
    }
}

/// A file that survives a power cut is of no use in a folder that doesn't.
private func syncFolder(of path: FilePath) throws(BuildError) {
    do {
        try DurableFile.syncFolder(of: path)
    } catch BundleError.system(let action, let path, let errno) where errno != .permissionDenied {
        throw .system(action: action, path, errno)
    } catch {
        // Who may make a folder there, but not read it, can't ask for more.
    }
}

/// Makes one folder; where this is `false`, `errno` says why not.
private func makeFolder(_ path: FilePath, mode: FilePermissions) throws(BuildError) -> Bool {
    guard mkdir(path.string, mode.rawValue) == 0 else { return false }
    guard chmod(path.string, mode.rawValue) == 0 else {
        throw .system(action: "set the mode of", path, Errno(rawValue: errno))
    }
    try syncFolder(of: path)
    return true
}

/// The names of the entries of a folder, sorted.
func names(in folder: FilePath) throws(BuildError) -> [String] {
    guard let stream = opendir(folder.string) else {
        throw .system(action: "list", folder, Errno(rawValue: errno))
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// The content of a small file.
func readBytes(at path: FilePath) throws(BuildError) -> Data {
    do { return Data(try FileContent.bytes(of: path)) } catch { throw .system(action: "read", path, error) }
}

/// The bytes that an unprivileged process may still write to the file system of `path`.
func freeSpace(at path: FilePath) throws(BuildError) -> (bytes: Int64, fileSystem: UInt) {
    var status = statvfs()
    guard statvfs(path.string, &status) == 0 else {
        throw .system(action: "look at the file system of", path, Errno(rawValue: errno))
    }
    var file = stat()
    guard stat(path.string, &file) == 0 else { throw .system(action: "look at", path, Errno(rawValue: errno)) }
    return (Int64(status.f_bavail) * Int64(status.f_frsize), UInt(file.st_dev))
}

/// The digest and length of a file's content.
func digest(ofFileAt path: FilePath) throws(BuildError) -> ImagesLock.File.Content {
    do {
        let found = try FileContent.digest(of: path)
        return ImagesLock.File.Content(digest: found.digest, size: found.size)
    } catch {
        throw .system(action: "read", path, error)
    }
}
