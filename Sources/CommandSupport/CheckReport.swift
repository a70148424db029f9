package import BundleFormat
internal import FoundationEssentials
internal import Glibc
package import OCI
internal import Signatures
internal import SystemPackage

/// The paper about one check of one archive: what was checked, with which keys, when, by whom, and what came out.
///
/// A bundle that is refused before it can be looked at has a report, too: what is missing there could not be known.
package struct CheckReport: Hashable, Sendable, Encodable {
    /// Raised when a key gets another meaning or goes away.
    package static let currentSchema = 1

    /// What came out.
    package enum Result: String, Hashable, Sendable, Encodable {
        /// Every byte is what `index.json` says, and where keys were given, one of them signed it.
        case sound
        /// Something differs; see the faults.
        case damaged
        /// Not a bundle, or not one of somebody who is trusted.
        case refused
    }

    /// The program that checked.
    package struct Tool: Hashable, Sendable, Encodable {
        package var name: String
        package var version: String
    }

    /// A key that a signature was accepted of.
    package struct Key: Hashable, Sendable, Encodable {
        package var file: String
        package var fingerprint: Digest
    }

    /// The file.
    package struct Archive: Hashable, Sendable, Encodable {
        package var path: String
        package var bytes: Int64?
        /// Of the file as it stands there; `sha256sum` gives the same.
        package var digest: Digest?
        /// The files that hold it, where there are several.
        package var parts: [String]?
    }

    /// What the archive holds.
    package struct Content: Hashable, Sendable, Encodable {
        package var name: String
        package var version: String
        package var platforms: [String]
        package var builtWith: String
        /// The digest of `index.json`, from which every byte of the images hangs.
        package var index: Digest
        package var signature: SignatureStanding
        /// The digest of the bill of materials; `nil` where there is none.
        package var bill: Digest?
        /// What a delta builds upon, and leaves to it; `nil` for a bundle that has everything.
        package var base: BundleDescription.Base?
        /// The earlier bundles that were proven with it, and together have all that it leaves out.
        package var bases: [String]
        package var counts: Counts
        package var images: [Image]
        package var files: [BundleSummary.File]
    }

    /// How much was compared.
    package struct Counts: Hashable, Sendable, Encodable {
        package var members: Int
        package var images: Int
        package var names: Int
        package var layers: Int
        package var files: Int
        package var contentBytes: Int64
    }

    /// One image.
    package struct Image: Hashable, Sendable, Encodable {
        package var reference: String
        package var digest: Digest
        package var platforms: [String]
        package var names: [String]
        package var layers: Int
        package var bytes: Int64
        /// Whether none of the faults is in what it needs.
        package var isSound: Bool
    }

    package var schemaVersion = CheckReport.currentSchema
    package var result: Result
    /// In UTC, as in RFC 3339.
    package var checkedAt: String
    /// The name of the machine that checked.
    package var host: String
    package var tool: Tool
    package var keys: [Key]
    package var archive: Archive
    /// `nil` where the archive was refused before anything was known of it.
    package var content: Content?
    package var faults: [BundleVerification.Fault]
    /// Why it was refused.
    package var reason: String?
}

extension CheckReport {
    /// A report of now and here, of which the result is still open.
    init(of path: FilePath, keys: TrustedKeys, tool: String) {
        result = .refused
        checkedAt = Date.now.formatted(.iso8601)
        host = Self.hostName
        self.tool = Tool(name: tool, version: SealiftVersion.current)
        self.keys = keys.keys.map { Key(file: $0.path.string, fingerprint: $0.key.fingerprint) }
        archive = Archive(path: path.string)
        faults = []
    }

    /// Takes in what was found.
    mutating func take(_ found: BundleVerification.Report, of bundle: BundleReader) throws {
        let summary = BundleSummary(of: bundle)
        let unsound = Set(found.faults.flatMap(\.images))
        let layers = summary.images.flatMap(\.platforms).flatMap(\.layers)
        result = found.isSound ? .sound : .damaged
        faults = found.faults
        content = Content(
            name: summary.name, version: summary.version, platforms: summary.platforms, builtWith: summary.builtWith,
            index: summary.index, signature: summary.signature,
            bill: found.isSound ? try bundle.appendix().map { .of($0.bill) } : nil,
            base: summary.base, bases: [],
            counts: Counts(
                members: found.members, images: found.images, names: found.names,
                layers: Set(layers.map(\.digest)).count, files: summary.files.count, contentBytes: found.contentBytes),
            images: summary.images.map { image in
                Image(
                    reference: image.reference, digest: image.digest, platforms: image.platforms.map(\.platform),
                    names: image.names, layers: Set(image.platforms.flatMap(\.layers).map(\.digest)).count,
                    bytes: image.bytes, isSound: !unsound.contains(image.reference))
            }, files: summary.files.sorted { $0.name < $1.name })
    }

    private static var hostName: String {
        var system = utsname()
        guard uname(&system) == 0 else { return "" }
        return withUnsafePointer(to: &system.nodename) {
            $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                String(cString: $0)
            }
        }
    }
}
