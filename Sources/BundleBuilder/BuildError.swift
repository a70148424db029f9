internal import BundleFormat
internal import Definition
package import Discovery
package import OCI
package import SystemPackage

/// Why a bundle can't be locked or built; errors of the parts below come through as they are.
package enum BuildError: Error, Sendable {
    /// Texts that look like images and were neither confirmed nor dismissed.
    case unconfirmed([DiscoveredImage], definition: FilePath)
    /// Findings that nobody waived.
    case lint([LintFinding], folder: FilePath)
    /// The lock doesn't hold what the definition asks for.
    case notLocked(names: [String], lock: FilePath)
    /// The lock holds it without digests.
    case unresolved(names: [String], lock: FilePath)
    /// An image that does not exist for a platform that the bundle is for.
    case platformMissing(ImageReference, Platform, offered: [String], askedBy: String)
    /// What the registry has under the name is no image that can be packed.
    case unusable(ImageReference, askedBy: String, reason: String)
    /// A registry refused or failed; `askedBy` is the place in the definition that wants the image.
    case fetching(ImageReference, askedBy: String, any Error)
    /// The content that was locked is gone, and the tag points elsewhere.
    case moved(ImageReference, locked: Digest, now: Digest)
    /// Documents and lock contradict each other.
    case inconsistent(ImageReference, reason: String)
    /// What is in a layer is not what the image's config says.
    case unlikeItsConfig(ImageReference, layer: Digest, expected: Digest, found: Digest)
    /// A layer that can't be unpacked, and so can't be encoded anew.
    case unreadableLayer(ImageReference?, layer: Digest, reason: String)
    /// A file's content is not what the lock or the definition says.
    case wrongFile(name: String, path: FilePath, expected: Digest, found: Digest)
    /// A chart is not the one that was locked.
    case otherChart(name: String, locked: Digest, now: Digest)
    /// The publisher's list of checksums doesn't name the file.
    case notInChecksums(name: String, url: String, list: String)
    /// The binary for a platform is neither locked nor given.
    case noBinary(distribution: String, version: String, Platform)
    /// A file was given for a name that the definition doesn't have.
    case unknownFile(String, known: [String])
    /// What was given as the base of a delta is none.
    case noBase(FilePath, reason: String)
    case outputExists(FilePath)
    /// `join` was given what is not in parts.
    case notParted(FilePath)
    /// A signature stands in the front of an archive: one in parts can't be signed in its place.
    case parted(FilePath)
    /// A part, or the whole, is not what the list of parts says.
    case wrongPart(path: FilePath, expected: Digest, found: Digest)
    /// Builds work with the cache that was to be pruned.
    case cacheInUse(FilePath)
    /// The folder that would hold the cache of a user without a home is not that user's.
    case foreignCache(FilePath)
    /// The layers hold more packages than a bill of materials has room for; both in bytes.
    case billTooLarge(bytes: Int64, limit: Int64)
    case notEnoughSpace(FilePath, needed: Int64, free: Int64)
    /// No installer for the bundle's platform was found beside this executable.
    case noInstaller(Platform, lookedAt: FilePath)
    case installerVersion(FilePath, found: String)
    case system(action: String, FilePath, Errno)
}

extension BuildError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unconfirmed(let images, _):
            "these may be images, or not:\n"
                + images.map { "  '\($0.written)' in \($0.firstPlace)" }.joined(separator: "\n")
        case .lint(let findings, let folder):
            "this won't work on an isolated host:\n"
                + findings.map {
                    "  \(folder.appending($0.file)):\($0.line)\($0.template.map { " (\($0))" } ?? ""): \($0.object) \($0.field): \($0.message) [\($0.rule.rawValue)]\n    \($0.remedy)"
                }
                .joined(separator: "\n")
        case .notLocked(let names, let lock): "\(lock) has no entry for \(Self.list(names))"
        case .unresolved(let names, let lock): "\(lock) has no digest for \(Self.list(names))"
        case .platformMissing(let reference, let platform, let offered, let place):
            "\(reference), asked for by \(place), does not exist for \(platform), only for \(offered.joined(separator: ", "))"
        case .unusable(let reference, let place, let reason):
            "can't pack \(reference), asked for by \(place): \(reason)"
        case .fetching(_, let place, let error): "\(error) (asked for by \(place))"
        case .moved(let reference, let locked, let now):
            "\(reference) was locked as \(locked), which the registry does not have any more; the tag is \(now) now"
        case .inconsistent(let reference, let reason): "the lock's entry of \(reference) is wrong: \(reason)"
        case .unlikeItsConfig(let reference, let layer, let expected, let found):
            "can't encode layer \(layer) of \(reference) anew: its config says that its content is \(expected), but it is \(found)"
        case .unreadableLayer(let reference, let layer, let reason):
            "can't encode layer \(layer)\(reference.map { " of \($0)" } ?? "") anew: \(reason)"
        case .wrongFile(let name, let path, let expected, let found):
            "\(name) must have the digest \(expected), but \(path) has \(found)"
        case .otherChart(let name, let locked, let now):
            "the chart of \(name) was locked as \(locked) and is \(now) now"
        case .notInChecksums(let name, let url, let list):
            "the checksums of \(list) don't name \(name), wanted from \(url)"
        case .noBinary(let distribution, let version, let platform):
            "\(distribution) \(version) for \(platform) is not locked"
        case .unknownFile(let name, let known):
            known.isEmpty
                ? "the bundle has no file '\(name)': it has no extra files"
                : "the bundle has no file '\(name)': its files are \(known.joined(separator: ", "))"
        case .noBase(let path, let reason): "can't build on top of \(path): \(reason)"
        case .notParted(let path): "\(path) is neither a part nor a list of parts"
        case .parted(let path): "\(path) is in parts, which can't be signed in their place"
        case .wrongPart(let path, let expected, let found): "\(path) has the digest \(found), not \(expected)"
        case .outputExists(let path): "\(path) is there already"
        case .cacheInUse(let root): "can't prune the cache \(root): a build or a lock works with it"
        case .foreignCache(let path): "can't use \(path) as a cache: others may write there, or it is theirs"
        case .billTooLarge(let bytes, let limit):
            "the bill of materials would have \(bytes) bytes; readers take at most \(limit)"
        case .notEnoughSpace(let path, let needed, let free):
            "\(path) has \(free) bytes free, \(needed) may be needed"
        case .noInstaller(let platform, let path): "no sealift-installer for \(platform): \(path) is not there"
        case .installerVersion(let path, let found): "\(path) is not this sealift's installer: it is version \(found)"
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .unconfirmed(_, let definition):
            "in \(definition), list each under images: (it is one) or under ignore: (it is none), with a reason"
        case .lint: "change the manifest, or waive the finding under ignore: with lint, where and reason"
        case .notLocked, .moved, .inconsistent: "run sealift lock and look at what changed with git diff"
        case .unresolved: "run sealift lock where the registries can be reached"
        case .platformMissing: "choose another tag, or leave the platform out (platforms: or --platform)"
        case .unusable: "choose another tag, or have the image pushed again with a current tool"
        case .fetching: nil
        case .unlikeItsConfig: "no runtime could unpack this image: have it pushed again"
        case .unreadableLayer: "build without --layers zstd, or have the image pushed again"
        case .wrongFile: "get the file again, or run sealift lock if it changed on purpose"
        case .otherChart:
            "look at what changed, then run sealift lock; a repository that changes a version is not to be trusted"
        case .notInChecksums: "correct sha256sums: or give sha256: in the definition"
        case .noBinary: "run sealift lock, or give the file with --kubernetes-binary FILE"
        case .unknownFile(let name, let known):
            nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
        case .cacheInUse: "run it again when they have ended"
        case .foreignCache: "set HOME, choose another with --cache, or build with --no-cache"
        case .noBase: "give a bundle, its index.json, or what 'sealift-installer status --export' wrote"
        case .notParted: "name the first part, NAME.tar.zst.001, or NAME.tar.zst.parts.json"
        case .parted:
            "name the whole, signed archive with --output, and split it again; or build with --sign and --split-size"
        case .wrongPart: "copy that part again from where it was built or split"
        case .outputExists: "add --force to replace it, or choose another --output"
        case .billTooLarge: "build it with --no-sbom, or split the bundle"
        case .notEnoughSpace: "free some space, or choose other folders with --output and --cache"
        case .noInstaller: "scripts/build makes it, beside sealift; another place is given with --installer FILE"
        case .installerVersion: "build both executables from the same source"
        case .system(_, _, .noSpace), .system(_, _, .diskQuotaExceeded):
            "free some space, or choose other folders; running again goes on where this stopped"
        case .system(_, _, .noSuchFileOrDirectory): "check the path; a folder to write into has to be there"
        case .system: nil
        }
    }

    private static func list(_ names: [String]) -> String {
        names.count <= 5
            ? names.joined(separator: ", ")
            : names.prefix(5).joined(separator: ", ") + " and \(names.count - 5) more"
    }
}

extension DiscoveredImage {
    /// The first place that asks for the image, as `file:line Kind/name field`.
    package var firstPlace: String {
        origins.first.map {
            "\($0.file):\($0.line)\($0.template.map { " (\($0))" } ?? "") \($0.object) \($0.field)"
        } ?? "the definition"
    }
}
