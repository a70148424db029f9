internal import Glibc
package import SystemPackage

/// A program of the host: a path, or a name that is looked for.
package enum Program: Hashable, Sendable {
    /// This file and no other.
    case path(FilePath)
    /// The first executable file of this name in the folders of a `PATH`.
    case name(String, searchPath: String = Program.systemSearchPath)

    /// Where a Linux host keeps its programs; what `sudo` or a service manager leaves of `PATH` often lacks some.
    package static let systemSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The file that would be run.
    package func find() throws(ProcessFailure) -> FilePath {
        switch self {
        case .path(let path):
            guard access(path.string, X_OK) == 0 else {
                throw errno == ENOENT || errno == ENOTDIR
                    ? .missing(path) : .unusable(path, reason: Errno(rawValue: errno).description)
            }
            guard Self.isFile(path) else { throw .unusable(path, reason: "not a file") }
            return path
        case .name(let name, let searchPath):
            for folder in searchPath.split(separator: ":") where !name.isEmpty && !name.contains("/") {
                let path = FilePath(String(folder)).appending(name)
                if access(path.string, X_OK) == 0, Self.isFile(path) { return path }
            }
            throw .notFound(name, searchPath: searchPath)
        }
    }

    private static func isFile(_ path: FilePath) -> Bool {
        var status = stat()
        return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

extension Program: CustomStringConvertible {
    /// The path or the name.
    package var description: String {
        switch self {
        case .path(let path): path.string
        case .name(let name, _): name
        }
    }
}
