internal import OCI
package import Signatures
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
    /// There are keys to check with, and the bundle has no signature in its place.
    case unsigned(path: FilePath, tried: [TrustedKey])
    /// None of the keys made the bundle's signature over this `index.json`.
    case untrusted(path: FilePath, tried: [TrustedKey])
}

extension BundleError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .member(let path, let name, let reason): "\(path): member '\(name.printable(limit: 600))' \(reason)"
        case .structure(let path, let reason): "\(path) is not a sound bundle: \(reason)"
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .payload(let digest, let reason): "can't pack blob \(digest): \(reason)"
        case .unsigned(let path, let tried):
            "\(path) is not signed, but has to be, by \(tried.count > 1 ? "one of " : "")\(Self.list(tried))"
        case .untrusted(let path, let tried):
            "the signature of \(path) \(tried.count > 1 ? "fits none of the keys" : "does not fit the key") "
                + Self.list(tried)
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .member, .structure: "copy the bundle again from where it was built"
        case .unsigned: "get the signed bundle from whoever built it; 'sealift sign' signs one"
        case .untrusted: "it was changed, or another key signed it: ask whoever signed it for the key's fingerprint"
        case .system, .payload: nil
        }
    }

    private static func list(_ keys: [TrustedKey]) -> String {
        keys.map { "\($0)" }.joined(separator: ", ")
    }
}
