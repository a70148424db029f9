internal import Definition
internal import FoundationEssentials
internal import ImageLayout
internal import OCI
internal import SystemPackage

/// A build's images with their layers encoded as zstd: which documents change, and into what.
///
/// Configs and the diff IDs in them are as the registry has them; every diff ID was compared with what was unpacked.
struct EncodedImages: Sendable {
    /// The registry's documents, and those that stand in their place.
    private(set) var documents: [Digest: Data]
    private(set) var replacements: [Replacement] = []
    /// The replaced documents: they travel with the bundle.
    private(set) var originals: [Data] = []
    private var table = Replacements()
    /// By the digests of those that they replace.
    private var manifests: [Digest: Document<Manifest>] = [:]
    /// What became of each layer, by the registry's digest.
    private(set) var layers: [Digest: Descriptor] = [:]

    /// Encodes what `cache` hasn't got yet of the layers that `entries`, whose `documents` these are, lead to.
    static func make(
        of build: BundleBuild, _ cache: BlobCache, entries: [ImagesLock.Entry], documents: [Digest: Data]
    ) async throws -> EncodedImages {
        let graph = try BundleAssembly.graph(of: entries, for: build.inputs.platforms, documents: documents)
        let items = Dictionary(build.plan.payload.map { ($0.descriptor.digest, $0) }) { first, _ in first }
        var jobs: [Digest: EncodedLayers.Job] = [:]
        for (entry, found) in zip(entries, graph.entries) {
            for (layer, diffID) in found.images.flatMap({ zip($0.manifest.value.layers, $0.diffIDs) }) {
                guard Replacements.isEncodable(layer.mediaType), let item = items[layer.digest] else { continue }
                jobs[layer.digest, default: .init(item: item, expected: [:])].expected[diffID] = entry.name
            }
        }
        let order = build.plan.payload.compactMap { jobs[$0.descriptor.digest] }
        let encodings = try await EncodedLayers(build, cache, order).run()
        return try EncodedImages(documents, graph, order.map(\.item.descriptor), encodings)
    }

    private init(
        _ documents: [Digest: Data], _ graph: ImageGraph, _ layers: [Descriptor], _ encodings: [Digest: LayerEncoding]
    ) throws {
        self.documents = documents
        for layer in layers {
            guard let encoding = encodings[layer.digest] else { continue }
            self.layers[layer.digest] = encoding.blob
            add(Replacement(of: layer, by: encoding.blob))
        }
        let known = graph.documents.values.sorted { $0.descriptor.digest < $1.descriptor.digest }
        for (descriptor, bytes) in known where descriptor.mediaType.role == .manifest {
            guard let new = try table.rewritten(bytes, as: descriptor.mediaType) else { continue }
            let manifest = try Document<Manifest>(bytes: new, mediaType: .ociManifest)
            manifests[descriptor.digest] = manifest
            replace(descriptor, bytes, by: manifest.descriptor, new)
        }
        for (descriptor, bytes) in known where descriptor.mediaType.role == .index {
            guard let new = try table.rewritten(bytes, as: descriptor.mediaType) else { continue }
            replace(descriptor, bytes, by: try Document<ImageIndex>(bytes: new, mediaType: .ociIndex).descriptor, new)
        }
    }

    private mutating func add(_ replacement: Replacement) {
        replacements.append(replacement)
        table.add(replacement)
    }

    private mutating func replace(_ original: Descriptor, _ bytes: Data, by new: Descriptor, _ newBytes: Data) {
        add(Replacement(of: original, by: new))
        originals.append(bytes)
        documents[new.digest] = newBytes
    }

    /// What became of a locked image; `nil` where that is nothing else.
    func resolution(of original: ImagesLock.Resolution, for platforms: [Platform]) -> ImagesLock.Resolution? {
        let images = platforms.compactMap { platform -> ImagesLock.PlatformImage? in
            guard let image = original[platform] else { return nil }
            guard let new = manifests[image.manifest.digest] else { return image }
            return ImagesLock.PlatformImage(
                platform: platform, manifest: new.descriptor, config: new.value.config, layers: new.value.layers)
        }
        return table[original.target.digest].map { ImagesLock.Resolution(target: $0, platforms: images) }
    }
}
