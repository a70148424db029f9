internal import OCI
package import Signatures
package import SystemPackage

/// Why a bundle's archive is not what `sealift build` makes.
package enum BundleError: Error, Sendable {
    /// A member of the archive breaks a rule: unknown, missing, twice, out of order, of the wrong size or content.
    case member(path: FilePath, name: String, reason: String)
    /// What hangs from `index.json` is not a bundle.
    case structure(path: FilePath, reason: String)
    /// Its description is of a later version of Sealift.
    case newer(path: FilePath, schema: Int)
    /// A system call failed; `action` says which: "create", "sync" …
    case system(action: String, path: FilePath, errno: Errno)
    /// A blob that was to be packed is not what its descriptor says.
    case payload(digest: String, reason: String)
    /// There are keys to check with, and the bundle has no signature in its place.
    case unsigned(path: FilePath, tried: [TrustedKey])
    /// None of the keys made the bundle's signature over this `index.json`.
    case untrusted(path: FilePath, tried: [TrustedKey])
    /// A list of parts that is none.
    case partsList(path: FilePath, reason: String)
    /// A part without the list that says what belongs to it.
    case noPartsList(part: FilePath, list: String, lookedIn: [FilePath])
    /// Some of an archive's `count` parts are not there, or not as long as they must be.
    case partsMissing(archive: String, count: Int, faults: [PartFault], lookedIn: [FilePath])
    /// An archive that is too large for parts of `limit` bytes.
    case tooManyParts(archive: FilePath, limit: Int64)
}

extension BundleError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .member(let path, let name, let reason): "\(path): member '\(name.printable(limit: 600))' \(reason)"
        case .structure(let path, let reason): "\(path) is not a sound bundle: \(reason)"
        case .newer(let path, let schema):
            "\(path) is of a newer format, schema \(schema): this Sealift reads schema \(BundleDescription.currentSchema)"
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .payload(let digest, let reason): "can't pack blob \(digest): \(reason)"
        case .unsigned(let path, let tried):
            "\(path) is not signed, but has to be, by \(tried.count > 1 ? "one of " : "")\(Self.list(tried))"
        case .untrusted(let path, let tried):
            "the signature of \(path) \(tried.count > 1 ? "fits none of the keys" : "does not fit the key") "
                + Self.list(tried)
        case .partsList(let path, let reason): "\(path) is no list of an archive's parts: \(reason)"
        case .noPartsList(let part, let list, let folders):
            "\(part) is a part of an archive, but \(list.printable()) is not there; looked in \(Self.list(folders))"
        case .partsMissing(let archive, let count, let faults, let folders):
            "\(faults.count) of \(count) parts of \(archive.printable()) \(faults.count > 1 ? "are" : "is") not at hand: "
                + faults.prefix(5).map(\.description).joined(separator: "; ")
                + (faults.count > 5 ? "; and \(faults.count - 5) more" : "") + "; looked in \(Self.list(folders))"
        case .tooManyParts(let archive, let limit):
            "\(archive) would have more than \(PartsList.countLimit) parts of \(limit) bytes"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .member, .structure: "copy the bundle again from where it was built"
        case .newer: "use the sealift-installer that came with the bundle"
        case .unsigned: "get the signed bundle from whoever built it; 'sealift sign' signs one"
        case .untrusted: "it was changed, or another key signed it: ask whoever signed it for the key's fingerprint"
        case .partsList: "copy it again from where the bundle was built or split"
        case .noPartsList: "it was written beside the first part; where it is now, say with --search DIR"
        case .partsMissing: "bring the medium, and say with --search DIR where it is; the option may be repeated"
        case .tooManyParts: "choose larger parts"
        case .system, .payload: nil
        }
    }

    private static func list(_ folders: [FilePath]) -> String {
        folders.map { $0.string.printable() }.joined(separator: ", ")
    }

    private static func list(_ keys: [TrustedKey]) -> String {
        keys.map { "\($0)" }.joined(separator: ", ")
    }
}
