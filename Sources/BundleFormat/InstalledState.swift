package import FoundationEssentials
package import OCI

/// What a host has of bundles, as `sealift-installer status --export` writes it and `sealift build --since` reads it.
///
/// It holds digests and sizes, the bundle's name and version, and nothing else of the host.
package struct InstalledState: Hashable, Sendable, Codable {
    /// The only schema that this version of Sealift writes and reads.
    package static let currentSchema = 1
    package static let kind = "SealiftState"

    /// A blob that is there, whole.
    package struct Blob: Hashable, Sendable, Codable {
        package var digest: Digest
        package var size: Int64

        package init(digest: Digest, size: Int64) {
            self.digest = digest
            self.size = size
        }
    }

    package var schemaVersion = InstalledState.currentSchema
    package var kind = InstalledState.kind
    package var bundle: String
    package var version: String
    /// The digest of the bundle's `index.json`.
    package var index: Digest
    /// The host's.
    package var platform: Platform
    /// What containerd keeps for the bundle's images, and the program of Kubernetes; by digest.
    package var blobs: [Blob]

    package init(
        bundle: String, version: String, index: Digest, platform: Platform, blobs: some Sequence<Blob>
    ) {
        self.bundle = bundle
        self.version = version
        self.index = index
        self.platform = platform
        self.blobs = blobs.sorted { $0.digest < $1.digest }
    }

    private struct Schema: Decodable {
        var schemaVersion: Int
    }

    /// Reads what `status --export` wrote; throws `Malformed` where it is something else.
    package init(decoding bytes: Data) throws(Malformed) {
        let subject = "exported state"
        let schema: Schema = try decodeJSON(bytes, as: subject)
        guard schema.schemaVersion == Self.currentSchema else {
            throw Malformed(
                subject, String(schema.schemaVersion), breaks: "this Sealift reads schema \(Self.currentSchema)")
        }
        self = try decodeJSON(bytes, as: subject)
        guard kind == Self.kind else { throw Malformed(subject, kind, breaks: "its kind is \(Self.kind)") }
        if let blob = blobs.first(where: { $0.size < 0 }) {
            throw Malformed(subject, "\(blob.size)", breaks: "no blob has that many bytes")
        }
    }
}
