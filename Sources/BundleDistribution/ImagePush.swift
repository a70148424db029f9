package import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
package import OCI
package import Registry
internal import Threads

/// Puts a bundle's images into a registry, each as a repository of its own; every byte is as the bundle has it.
package struct ImagePush: Sendable {
    /// Where one image is now.
    package struct Pushed: Hashable, Sendable, Encodable {
        package var image: ImageReference
        package var target: ImageReference
        /// What the target's tag points to.
        package var digest: Digest
        /// The image's own digest in the bundle, where the registry did not take it: an index that lists platforms which
        /// are not in the bundle.
        package var refusedIndex: Digest?
        /// With a refused index: for which platform the tag is now, and the manifests of the others, by digest only.
        package var platform: String?
        package var otherPlatforms: [String: Digest]?
    }

    /// What is in the registry now.
    package struct Result: Hashable, Sendable, Encodable {
        package var images: [Pushed]
        package var blobs: PushCount
    }

    /// An image, where it goes, and what it consists of.
    private struct Item: Sendable {
        var image: ImageReference
        var target: ImageReference
        var root: Descriptor
        var manifests: [ImageGraph.Image]
    }

    private let bundle: BundleReader
    private let client: RegistryClient
    private let jobs: Int
    private let items: [Item]
    private let ranges: [Digest: Range<Int64>]

    /// Takes an opened bundle; throws ``DistributionError/collision(_:_:target:)`` where two images would get one name.
    package init(_ bundle: BundleReader, to names: ImageNames, client: RegistryClient, jobs: Int) throws {
        self.bundle = bundle
        self.client = client
        self.jobs = jobs
        let entries = Dictionary(
            bundle.graph.entries.map { ($0.descriptor.digest, $0) }, uniquingKeysWith: { first, _ in first })
        let images = try bundle.description.images.map { image in
            (try ImageReference(parsing: image.reference), entries[image.digest])
        }
        try names.check(images.map(\.0))
        items = images.compactMap { image, entry in
            entry.map {
                Item(image: image, target: names.target(for: image), root: $0.descriptor, manifests: $0.images)
            }
        }
        ranges = try bundle.blobRanges()
    }

    /// The bytes that ``run(progress:)`` accounts for: every blob once for each repository that it goes to.
    package var bytes: Int64 { blobs().reduce(0) { $0 + $1.descriptor.size } }

    /// Pushes what is not there yet.
    ///
    /// `progress` is told the bytes dealt with since the last call, from any thread; negative where some are sent again.
    package func run(progress: @escaping @Sendable (Int64) -> Void) async throws -> Result {
        let counts = Lock(PushCount())
        // Each blob's bytes first, to one repository; then the registry itself can take it into the others.
        var first: [Digest: ImageReference] = [:]
        var here: [Blob] = []
        var elsewhere: [Blob] = []
        for blob in blobs() {
            if first[blob.descriptor.digest] == nil {
                first[blob.descriptor.digest] = blob.target
                here.append(blob)
            } else {
                elsewhere.append(blob)
            }
        }
        let places = first
        try await inParallel(here, width: jobs) { try await push($0, from: nil, counts, progress) }
        try await inParallel(elsewhere, width: jobs) {
            try await push($0, from: places[$0.descriptor.digest], counts, progress)
        }
        let pushed = Lock<[Pushed]>([])
        try await inParallel(items, width: jobs) { item in
            let done = try await tag(item)
            pushed.withLock { $0.append(done) }
        }
        return Result(
            images: pushed.withLock { $0 }.sorted { $0.image < $1.image }, blobs: counts.withLock { $0 })
    }

    /// A blob that has to be in a repository.
    private struct Blob: Hashable, Sendable {
        var descriptor: Descriptor
        var target: ImageReference
    }

    /// Every config and layer, once for each repository, largest first.
    private func blobs() -> [Blob] {
        var blobs: Set<Blob> = []
        for item in items {
            let repository = ImageReference(
                registry: item.target.registry, repository: item.target.repository, tag: nil, digest: nil)
            for image in item.manifests {
                for descriptor in image.manifest.value.layers + [image.config] {
                    blobs.insert(Blob(descriptor: descriptor.bare, target: repository))
                }
            }
        }
        return blobs.sorted {
            ($1.descriptor.size, $0.descriptor.digest, $0.target.name)
                < ($0.descriptor.size, $1.descriptor.digest, $1.target.name)
        }
    }

    private func push(
        _ blob: Blob, from source: ImageReference?, _ counts: Lock<PushCount>,
        _ progress: @escaping @Sendable (Int64) -> Void
    ) async throws {
        if try await client.hasBlob(blob.descriptor, in: blob.target) {
            counts.withLock { $0.present += 1 }
            return progress(blob.descriptor.size)
        }
        let content: any BlobContent
        if let document = bundle.graph.documents[blob.descriptor.digest] {
            content = SmallBlob(bytes: document.bytes)
        } else if let range = ranges[blob.descriptor.digest] {
            content = ArchiveBlob(bundle.file, range)
        } else {
            throw DistributionError.leftOut(blob.descriptor.digest, of: blob.target)
        }
        let arrival = try await client.upload(
            blob.descriptor, to: blob.target, mountingFrom: source, from: content, progress: progress)
        counts.withLock {
            switch arrival {
            case .mounted: $0.mounted += 1
            case .uploaded:
                $0.uploaded += 1
                $0.uploadedBytes += blob.descriptor.size
            }
        }
    }

    /// Puts an image's manifests and its index; where the registry won't have an index of which not everything is there,
    /// a platform's manifest stands under the tag.
    private func tag(_ item: Item) async throws -> Pushed {
        var done = Pushed(image: item.image, target: item.target, digest: item.root.digest)
        let isIndex = item.root.mediaType.role == .index
        if isIndex {
            for image in item.manifests {
                try await put(image.manifest.descriptor, "\(image.manifest.descriptor.digest)", item)
            }
        }
        let name = item.target.tag ?? "\(item.root.digest)"
        do {
            try await put(item.root, name, item)
        } catch let error as RegistryError where isIndex && error.isRefusalOfContent {
            let platforms = item.manifests.sorted { $0.platform < $1.platform }
            guard let own = platforms.first(where: { $0.platform == .current }) ?? platforms.first else { throw error }
            if let tag = item.target.tag { try await put(own.manifest.descriptor, tag, item) }
            done.refusedIndex = item.root.digest
            done.digest = own.manifest.descriptor.digest
            done.platform = own.platform.description
            let others = platforms.filter { $0.platform != own.platform }
            if !others.isEmpty {
                done.otherPlatforms = Dictionary(
                    others.map { ($0.platform.description, $0.manifest.descriptor.digest) },
                    uniquingKeysWith: { first, _ in first })
            }
            done.target = ImageReference(
                registry: item.target.registry, repository: item.target.repository, tag: item.target.tag,
                digest: item.target.digest == nil ? nil : done.digest)
        }
        return done
    }

    private func put(_ descriptor: Descriptor, _ name: String, _ item: Item) async throws {
        guard let document = bundle.graph.documents[descriptor.digest] else {
            throw DistributionError.unlikeItsIndex(item.target, member: "\(descriptor.digest)")
        }
        try await client.put(document.bytes, document.descriptor, as: name, in: item.target)
    }
}

extension RegistryError {
    /// Whether a registry said of a manifest that it won't have it, and not of us.
    fileprivate var isRefusalOfContent: Bool {
        switch self {
        case .refused(_, _, let answer), .notFound(_, _, let answer):
            ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "MANIFEST_UNVERIFIED"]
                .contains(answer.code ?? "")
        default: false
        }
    }
}
