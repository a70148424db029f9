internal import Frames
internal import ImageLayout
package import OCI

/// What is inside a bundle, for people and for scripts.
package struct BundleSummary: Hashable, Sendable, Encodable {
    /// One image.
    package struct Image: Hashable, Sendable, Codable {
        package var reference: String
        package var names: [String]
        package var digest: Digest
        /// What the registry has in its place; `nil` where it is the same.
        package var original: Digest?
        package var platforms: [PlatformImage]
        /// Its layers' bytes over all platforms, each counted once.
        package var bytes: Int64
    }

    /// One platform of an image.
    package struct PlatformImage: Hashable, Sendable, Codable {
        package var platform: String
        package var manifest: Digest
        /// What the registry has in the manifest's place; `nil` where it is the same.
        package var originalManifest: Digest?
        package var config: Digest
        package var layers: [Layer]
    }

    /// One layer, and how many images of the bundle use it.
    package struct Layer: Hashable, Sendable, Codable {
        package var digest: Digest
        /// The layer that it was made of; `nil` where it is the registry's.
        package var original: Digest?
        package var mediaType: MediaType
        package var bytes: Int64
        package var sharedBy: Int
        /// Whether a delta leaves it to its base.
        package var isLeftOut: Bool
    }

    /// A file of the bundle's artifact.
    package struct File: Hashable, Sendable, Codable {
        package var name: String
        package var mediaType: MediaType
        package var digest: Digest
        package var bytes: Int64
    }

    /// A set of parameter values, and what the platform asks of a host with them.
    package struct Profile: Hashable, Sendable, Codable {
        package var name: String
        package var values: [String: String]
        package var requirements: Requirements
    }

    package var name: String
    package var version: String
    package var description: String?
    package var platforms: [String]
    /// Distribution and version, as in `k0s v1.36.3+k0s.0`.
    package var kubernetes: String?
    package var stages: [String]
    package var parameters: [Parameter]
    /// By name.
    package var profiles: [Profile]
    /// What the platform asks of a host without a profile.
    package var requirements: Requirements
    package var images: [Image]
    package var files: [File]
    /// The digest of `index.json`.
    package var index: Digest
    /// What is known of the signature over it.
    package var signature: SignatureStanding
    /// What a delta builds upon; `nil` for a bundle that has everything.
    package var base: BundleDescription.Base?
    /// The bytes that it leaves to that.
    package var leftOutBytes: Int64
    /// Whether there is a bill of materials.
    package var hasBill: Bool
    package var builtWith: String
    /// The archive's length; that of the tar inside; that of all blobs.
    package var archiveBytes: Int64
    package var contentBytes: Int64
    package var blobBytes: Int64
    /// What sharing layers saves: the bytes that images would have without it, minus those that are there.
    package var sharedBytes: Int64

    /// Reads nothing beyond what opening the bundle has read.
    package init(of bundle: BundleReader) {
        let description = bundle.description
        let entries = Dictionary(bundle.graph.entries.map { ($0.descriptor.digest, $0) }) { first, _ in first }
        let users = Self.users(of: bundle)
        let originals = Dictionary(
            // A layer that was zstd under another type is the registry's all the same.
            description.replacements.filter { $0.original.digest != $0.replacement.digest }.map {
                ($0.replacement.digest, $0.original.digest)
            }
        ) { first, _ in first }
        name = description.name
        version = description.version
        self.description = description.description
        platforms = description.platforms.map(\.description)
        kubernetes = description.kubernetes.map { "\($0.distribution) \($0.version)" }
        stages = description.stages.map(\.name)
        parameters = description.parameters
        profiles = description.profiles.sorted { $0.key < $1.key }.map {
            Profile(name: $0.key, values: $0.value, requirements: description.requirements(withProfile: $0.key))
        }
        requirements = description.requirements
        images = description.images.map { image in
            let variants = entries[image.digest]?.images ?? []
            let layers = Set(variants.flatMap { $0.manifest.value.layers.map(\.bare) })
            return Image(
                reference: image.reference, names: image.names, digest: image.digest, original: image.original,
                platforms: variants.map {
                    PlatformImage($0, users: users, originals: originals, leftOut: bundle.leftOut)
                },
                bytes: layers.reduce(0) { $0 + $1.size })
        }
        files = bundle.artifact.value.layers.map {
            File(
                name: $0.annotations?[Annotation.title] ?? "", mediaType: $0.mediaType, digest: $0.digest,
                bytes: $0.size)
        }
        index = bundle.index.descriptor.digest
        signature = bundle.signature
        base = description.base
        leftOutBytes = bundle.leftOut.bytes
        hasBill = description.hasBill
        builtWith = description.builtWith
        archiveBytes = bundle.file.size
        contentBytes = bundle.file.contentSize
        blobBytes = bundle.contents.members.reduce(0) { $0 + $1.size }
        sharedBytes = users.reduce(0) { total, use in
            total + (bundle.graph.layers[use.key]?.size ?? 0) * Int64(use.value.count - 1)
        }
    }

    /// The images that use each layer, by digest of what their names point to.
    private static func users(of bundle: BundleReader) -> [Digest: Set<Digest>] {
        var users: [Digest: Set<Digest>] = [:]
        for entry in bundle.graph.entries {
            for layer in entry.images.flatMap(\.manifest.value.layers) {
                users[layer.digest, default: []].insert(entry.descriptor.digest)
            }
        }
        return users
    }
}

extension BundleSummary.PlatformImage {
    fileprivate init(
        _ image: ImageGraph.Image, users: [Digest: Set<Digest>], originals: [Digest: Digest], leftOut: LeftOut
    ) {
        platform = image.platform.description
        manifest = image.manifest.descriptor.digest
        originalManifest = originals[manifest]
        config = image.config.digest
        layers = image.manifest.value.layers.map {
            BundleSummary.Layer(
                digest: $0.digest, original: originals[$0.digest], mediaType: $0.mediaType, bytes: $0.size,
                sharedBy: users[$0.digest]?.count ?? 0, isLeftOut: leftOut.contains($0.digest))
        }
    }
}
