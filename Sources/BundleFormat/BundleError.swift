internal import OCI
package import SystemPackage

/// Why a bundle's archive is not what `sealift build` makes.
package enum BundleError: Error, Sendable {
    /// A member of the archive breaks a rule: unknown, missing, twice, out of order, of the wrong size or content.
    case member(path: FilePath, name: String, reason: String)
    /// What hangs from `index.json` is not a bundle.
    case structure(path: FilePath, reason: String)
    /// A system call failed; `action` says which: "create", "sync" …
    case system(action: String, path: FilePath, errno: Errno)
    /// A blob that was to be packed is not what its descriptor says.
    case payload(digest: String, reason: String)
}

extension BundleError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .member(let path, let name, let reason): "\(path): member '\(name.printable(limit: 600))' \(reason)"
        case .structure(let path, let reason): "\(path) is not a sound bundle: \(reason)"
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .payload(let digest, let reason): "can't pack blob \(digest): \(reason)"
        }
    }
}
