internal import OCI
internal import SystemPackage

/// A file of k0s' configuration that we write, and that the administrator may have written before or changed since.
struct SettingsFile: Sendable {
    let path: FilePath

    /// Whether there is a file that is none of `ours`, by its digest.
    func isForeign(to ours: Set<Digest>) throws(InstallError) -> Bool {
        guard let digest = try StateFile.digest(of: path) else { return false }
        return !ours.contains(digest)
    }

    /// Copies what is there to a place beside it, unless it is one of `ours`; returns that place, `nil` where there is
    /// nothing to keep. One content is copied once, however often this is cut off and done again.
    func keep(unless ours: Set<Digest>) throws -> FilePath? {
        guard let digest = try StateFile.digest(of: path), !ours.contains(digest) else { return nil }
        var number = 1
        while true {
            let copy = FilePath("\(path).before-sealift\(number == 1 ? "" : "-\(number)")")
            switch try StateFile.digest(of: copy) {
            case digest?: return copy
            case nil:
                // A configuration may have passwords in it.
                try StateFile.copy(path, to: copy, mode: [.ownerRead, .ownerWrite])
                return copy
            default: number += 1
            }
        }
    }
}
