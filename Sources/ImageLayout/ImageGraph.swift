package import FoundationEssentials
package import OCI

/// Everything that an index hangs together by digest: the documents, read, and the layers, only named.
///
/// Made the same way from a registry's documents before a bundle is written and from the bundle itself after, so both
/// sides agree on what belongs in it.
package struct ImageGraph: Sendable {
    /// A runnable image: one manifest of one platform.
    package struct Image: Sendable {
        package var platform: Platform
        package var manifest: Document<Manifest>
        package var config: Descriptor
        package var diffIDs: [Digest]
    }

    /// What one descriptor of the top-level index leads to.
    package struct Entry: Sendable {
        package var descriptor: Descriptor
        package var images: [Image]
    }

    package private(set) var entries: [Entry] = []
    /// Indexes, manifests and configs, with their bytes.
    package private(set) var documents: [Digest: (descriptor: Descriptor, bytes: Data)] = [:]
    package private(set) var layers: [Digest: Descriptor] = [:]

    /// The largest index, manifest or config that is read into memory.
    package static let documentLimit: Int64 = 8 << 20
    /// The most that all documents and texts hold together, since all of them are kept; a thousand images have some 20 MiB.
    package static let documentsLimit: Int64 = 48 << 20
    /// The largest blob; far above any disk of a node, far below what sums of sizes can hold.
    package static let blobLimit: Int64 = 1 << 44
    /// How often images may name a layer, shared ones counted each time.
    package static let useLimit = 1 << 17
    private let platforms: Set<Platform>
    private var documentBytes: Int64 = 0
    private var uses = 0
    /// What was decoded before: a config that a thousand manifests share is read once.
    private var manifests: [Descriptor: Document<Manifest>] = [:]
    private var configs: [Descriptor: Document<ImageConfig>] = [:]

    /// An empty graph that takes the manifests of `platforms` from multi-platform indexes.
    package init(platforms: some Sequence<Platform>) {
        self.platforms = Set(platforms)
    }

    /// Adds what `descriptor` leads to. `load` returns a document's bytes; they are checked against its descriptor.
    ///
    /// Throws ``GraphError`` where content does not fit its descriptor, a platform is missing, or an image is no image.
    package mutating func add(_ descriptor: Descriptor, load: (Descriptor) throws -> Data) throws {
        var images: [Image] = []
        switch descriptor.mediaType.role {
        case .index:
            let index: Document<ImageIndex> = try document(descriptor, load: load)
            for platform in platforms.sorted() {
                guard let child = index.value.manifest(for: platform) else {
                    let offered = index.value.manifests.compactMap(\.platform?.description)
                    throw GraphError.platformMissing(descriptor.digest, platform, offered: offered)
                }
                images.append(try image(child, platform: platform, load: load))
            }
        case .manifest:
            images.append(try image(descriptor, platform: nil, load: load))
        case .config, .layer, .other:
            throw GraphError.notAnImage(descriptor.digest, descriptor.mediaType)
        }
        entries.append(Entry(descriptor: descriptor, images: images))
    }

    private mutating func image(
        _ descriptor: Descriptor, platform: Platform?, load: (Descriptor) throws -> Data
    ) throws -> Image {
        let manifest = try manifests[descriptor.bare] ?? document(descriptor, load: load)
        manifests[descriptor.bare] = manifest
        guard manifest.value.isImage else {
            throw GraphError.notAnImage(descriptor.digest, manifest.value.config.mediaType)
        }
        let known = manifest.value.config.bare
        let config = try configs[known] ?? document(known, load: load)
        configs[known] = config
        let own = config.value.platform
        if platform == nil, !platforms.contains(own) {
            throw GraphError.platformMissing(
                descriptor.digest, platforms.sorted().first ?? .current, offered: [own.description])
        }
        guard config.value.rootfs.diffIDs.count == manifest.value.layers.count else {
            throw GraphError.layerCount(
                descriptor.digest, layers: manifest.value.layers.count, diffIDs: config.value.rootfs.diffIDs.count)
        }
        try countUse()
        for layer in manifest.value.layers { try addLayer(layer.bare) }
        return Image(
            platform: platform ?? own, manifest: manifest, config: manifest.value.config,
            diffIDs: config.value.rootfs.diffIDs)
    }

    /// Adds a blob that is no document: a layer, or a file of an artifact.
    package mutating func addLayer(_ layer: Descriptor) throws {
        if let known = layers[layer.digest] ?? documents[layer.digest]?.descriptor, known.size != layer.size {
            throw GraphError.sizesDiffer(layer.digest, known.size, layer.size)
        }
        guard layer.size <= Self.blobLimit else {
            throw GraphError.tooLarge(layer.digest, size: layer.size, limit: Self.blobLimit)
        }
        try countUse()
        layers[layer.digest] = layers[layer.digest] ?? layer
    }

    /// Adds a blob whose bytes are kept beside the documents: a small text of an artifact.
    package mutating func addText(_ layer: Descriptor) throws {
        if layers[layer.digest] == nil { try countDocument(layer) }
        try addLayer(layer)
    }

    private mutating func countUse() throws(GraphError) {
        uses += 1
        guard uses <= Self.useLimit else { throw .tooMany(limit: Self.useLimit) }
    }

    private mutating func countDocument(_ descriptor: Descriptor) throws(GraphError) {
        guard descriptor.size <= Self.documentLimit else {
            throw .tooLarge(descriptor.digest, size: descriptor.size, limit: Self.documentLimit)
        }
        documentBytes += descriptor.size
        guard documentBytes <= Self.documentsLimit else { throw .documentsTooLarge(limit: Self.documentsLimit) }
    }

    /// Adds a document that was read, and proven to be what `descriptor` says, before there was a graph.
    package mutating func add<Value>(_ document: Document<Value>, as descriptor: Descriptor) throws {
        if let known = documents[descriptor.digest]?.descriptor {
            guard known.size == descriptor.size else {
                throw GraphError.sizesDiffer(descriptor.digest, known.size, descriptor.size)
            }
            return
        }
        try countDocument(descriptor)
        documents[descriptor.digest] = (descriptor.bare, document.bytes)
    }

    /// Reads a document, once per digest.
    package mutating func document<Value: DocumentValue>(
        _ descriptor: Descriptor, load: (Descriptor) throws -> Data
    ) throws -> Document<Value> {
        let bytes: Data
        if let known = documents[descriptor.digest] {
            guard known.descriptor.size == descriptor.size else {
                throw GraphError.sizesDiffer(descriptor.digest, known.descriptor.size, descriptor.size)
            }
            bytes = known.bytes
        } else {
            try countDocument(descriptor)
            bytes = try load(descriptor)
        }
        let document = try Document<Value>(
            bytes: bytes, mediaType: descriptor.mediaType, algorithm: descriptor.digest.algorithm)
        guard document.descriptor.digest == descriptor.digest, document.descriptor.size == descriptor.size else {
            throw GraphError.contentDiffers(descriptor.digest, found: document.descriptor.digest)
        }
        documents[descriptor.digest] = (descriptor.bare, bytes)
        return document
    }
}

/// Why the documents of a layout don't hang together.
package enum GraphError: Error, Sendable {
    /// A document's bytes are not those of its descriptor.
    case contentDiffers(Digest, found: Digest)
    case sizesDiffer(Digest, Int64, Int64)
    case tooLarge(Digest, size: Int64, limit: Int64)
    /// All documents and texts together.
    case documentsTooLarge(limit: Int64)
    /// Images, and the layers that they name.
    case tooMany(limit: Int)
    case platformMissing(Digest, Platform, offered: [String])
    case notAnImage(Digest, MediaType)
    case layerCount(Digest, layers: Int, diffIDs: Int)
}

extension GraphError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .contentDiffers(let digest, let found): "the content of \(digest) has the digest \(found)"
        case .sizesDiffer(let digest, let one, let other): "\(digest) is listed with \(one) and with \(other) bytes"
        case .tooLarge(let digest, let size, let limit):
            "\(digest) is listed with \(size) bytes; at most \(limit) are read"
        case .documentsTooLarge(let limit): "its documents have more than \(limit) bytes together"
        case .tooMany(let limit): "its images name layers more than \(limit) times"
        case .platformMissing(let digest, let platform, let offered):
            "\(digest) has no manifest for \(platform), only for \(offered.joined(separator: ", "))"
        case .notAnImage(let digest, let mediaType): "\(digest) is no container image but \(mediaType)"
        case .layerCount(let digest, let layers, let diffIDs):
            "manifest \(digest) lists \(layers) layers, its config \(diffIDs) (image-spec config.md, rootfs)"
        }
    }
}
