internal import BundleFormat
internal import Definition
package import OCI
package import SystemPackage

/// What a build will do, known before anything is downloaded.
package struct BuildPlan: Sendable {
    /// Where a blob's bytes come from.
    package enum Source: Hashable, Sendable {
        case registry(ImageReference)
        case url(String)
        case file(FilePath)
        /// Made by this build of the layer that had that digest, and in the cache.
        case encoded(from: Digest)
    }

    /// One blob of the bundle.
    package struct Item: Sendable {
        package var descriptor: Descriptor
        package var source: Source
        /// For people: the image's or the file's name.
        package var name: String
        package var isCached: Bool
        /// What an earlier, interrupted fetch has left.
        package var partial: Int64

        /// The bytes that are still to be fetched.
        package var missing: Int64 {
            switch source {
            case .file, .encoded: return 0
            case .registry, .url: break
            }
            return isCached ? 0 : descriptor.size - partial
        }
    }

    package let name: String
    package let version: String
    package let platforms: [Platform]
    /// The archive that the build makes.
    package let output: FilePath
    package let imageCount: Int
    /// Indexes, manifests and configs.
    package private(set) var documents: [Item]
    /// Layers and files, largest first: the order in which they are packed.
    package private(set) var payload: [Item]
    /// Layers and programs that a delta leaves to its base.
    package private(set) var leftOut: [Item] = []

    package var bytesToFetch: Int64 { Self.total((documents + payload).map(\.missing)) }
    package var bytesToPack: Int64 { Self.total((documents + payload).map(\.descriptor.size)) }
    /// Of layers and files alone.
    package var payloadSize: Int64 { Self.total(payload.map(\.descriptor.size)) }

    /// The sum; what no number can hold is the largest one, since sizes are what a registry or a lock says they are.
    static func total(_ sizes: [Int64]) -> Int64 {
        sizes.reduce(0) { sum, size in
            let (next, isTooMuch) = sum.addingReportingOverflow(size)
            return isTooMuch ? .max : next
        }
    }

    /// `NAME-VERSION-OS-ARCH.tar.zst`, with `.delta` for a delta; with several platforms all of their architectures.
    static func archiveName(_ definition: BundleDefinition, _ platforms: [Platform], isDelta: Bool) -> String {
        let suffix = platforms.map { platform in
            [platform.os, platform.architecture, platform.variant].filter { !$0.isEmpty }.joined(separator: "-")
        }.joined(separator: "+")
        return "\(definition.name)-\(definition.version)-\(suffix)\(isDelta ? ".delta" : "").tar.zst"
    }
}

extension BuildPlan {
    /// Works out the plan of a build.
    ///
    /// - Parameters:
    ///   - inputs: the bundle.
    ///   - entries: its locked images.
    ///   - files: its files, found.
    ///   - cache: where fetched blobs are; `nil` in one-pass mode.
    ///   - encodes: whether layers are encoded anew; one that was before is not fetched.
    ///   - output: the archive.
    init(
        _ inputs: BundleInputs, entries: [ImagesLock.Entry], files: [ResolvedFile], cache: BlobCache?,
        encodes: Bool, output: FilePath
    ) {
        var documents: [Digest: Item] = [:]
        var payload: [Digest: Item] = [:]
        func add(_ descriptor: Descriptor, _ source: Source, _ name: String, to items: inout [Digest: Item]) {
            guard items[descriptor.digest] == nil else { return }
            items[descriptor.digest] = Item(
                descriptor: descriptor.bare, source: source, name: name,
                isCached: cache?.contains(descriptor) ?? false
                    || encodes && cache?.isEncoded(descriptor) == true, partial: cache?.partialSize(descriptor) ?? 0)
        }
        for entry in entries {
            guard let resolution = entry.resolution else { continue }
            let source = Source.registry(entry.name)
            add(resolution.target, source, entry.reference, to: &documents)
            for platform in inputs.platforms {
                guard let image = resolution[platform] else { continue }
                add(image.manifest, source, entry.reference, to: &documents)
                add(image.config, source, entry.reference, to: &documents)
                for layer in image.layers { add(layer, source, entry.reference, to: &payload) }
            }
        }
        for file in files {
            add(file.descriptor, file.source, file.title, to: &payload)
        }
        name = inputs.definition.name
        version = inputs.definition.version
        platforms = inputs.platforms
        self.output = output
        imageCount = entries.count
        self.documents = documents.values.sorted { $0.descriptor.digest < $1.descriptor.digest }
        self.payload = Self.ordered(payload.values.filter { documents[$0.descriptor.digest] == nil })
    }

    private static func ordered(_ items: some Sequence<Item>) -> [Item] {
        items.sorted { ($1.descriptor.size, $0.descriptor.digest) < ($0.descriptor.size, $1.descriptor.digest) }
    }

    /// The plan without what may be left to a base that `holds` it: layers of images, and programs of Kubernetes.
    func leaving(_ holds: (Descriptor) -> Bool) -> BuildPlan {
        var plan = self
        func isLeftOut(_ item: Item) -> Bool {
            switch item.source {
            case .registry, .encoded: holds(item.descriptor)
            case .url, .file: item.descriptor.mediaType == .kubernetesBinary && holds(item.descriptor)
            }
        }
        plan.leftOut += payload.filter(isLeftOut)
        plan.payload = payload.filter { !isLeftOut($0) }
        return plan
    }

    /// The plan with `layers` in the place of those of which they were made, by the digests of those; one of these
    /// stays that is `needed` itself.
    func replacing(_ layers: [Digest: Descriptor], needed: (Digest) -> Bool) -> BuildPlan {
        var plan = self
        var seen: Set<Digest> = []
        plan.payload = Self.ordered(
            payload.flatMap { item in
                guard let new = layers[item.descriptor.digest], new.digest != item.descriptor.digest else {
                    return [item]
                }
                let made = Item(
                    descriptor: new.bare, source: .encoded(from: item.descriptor.digest), name: item.name,
                    isCached: true, partial: 0)
                return needed(item.descriptor.digest) ? [item, made] : [made]
            }
        ).filter { seen.insert($0.descriptor.digest).inserted }
        return plan
    }
}

/// A file of the bundle whose digest and size are known.
struct ResolvedFile: Sendable {
    var title: String
    var descriptor: Descriptor
    var source: BuildPlan.Source
    /// For the bundle's description.
    var mode: String
    /// Set for a Kubernetes binary and an installer.
    var platform: Platform?
}
