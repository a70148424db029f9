internal import BundleFormat
internal import Definition
internal import Discovery
internal import ImageLayout
internal import OCI

/// Which manifests of a bundle ask for which images, and which layers these consist of.
struct ImageMap: Hashable {
    /// One image.
    struct Image: Hashable {
        let name: String
        /// Positions in ``manifests``; sorted.
        let manifests: [Int]
        /// Positions in ``layers``, base first; empty for one that isn't locked.
        let layers: [Int]
    }

    /// One layer.
    struct Layer: Hashable {
        let digest: Digest
        let size: Int64
        /// Positions in ``images``; sorted.
        fileprivate(set) var images: [Int]

        var isShared: Bool { images.count > 1 }
    }

    let title: String
    /// Files of the bundle that ask for an image, in the order in which they are applied.
    let manifests: [String]
    /// In the order of the manifests that ask for them, then by name.
    let images: [Image]
    /// In the order of the images.
    let layers: [Layer]

    /// What all layers take, each once.
    var size: Int64 { layers.reduce(0) { $0.addingClamped($1.size) } }

    private struct Entry {
        let name: String
        let files: Set<String>
        let layers: [Descriptor]
    }

    /// What a definition asks for, with the layers that `lock` has of it.
    init(_ discovery: ImageDiscovery, of definition: BundleDefinition, lock: ImagesLock, platforms: [Platform]) {
        let entries = discovery.images.map { image in
            Entry(
                name: image.reference.description, files: Set(image.origins.map(\.file)),
                layers: Self.layers(of: lock[image.reference]?.resolution, for: platforms))
        }
        self.init(
            title: "\(definition.name) \(definition.version)",
            order: definition.manifestsAndChecks.map(\.path), entries: entries)
    }

    /// What is in a bundle.
    init(of bundle: BundleReader) throws {
        let name = ImagesLock.fileName
        // It stands at the front, with all other texts.
        let member = bundle.files[name].map { LayoutNames.blob($0.digest) }
        guard case .document(let text) = bundle.contents.members.first(where: { $0.name == member })?.content else {
            throw BundleError.member(path: bundle.path, name: name, reason: "is missing")
        }
        let lock = try ImagesLock(text: String(decoding: text, as: UTF8.self), file: name)
        let description = bundle.description
        let entries = lock.images.map { entry in
            Entry(
                name: entry.name.description, files: Set(entry.origins.map(\.file)),
                layers: Self.layers(of: entry.encoding ?? entry.resolution, for: description.platforms))
        }
        let titles = description.stages.flatMap { $0.manifests + $0.checks }
        let prefix = "definition/"
        self.init(
            title: "\(description.name) \(description.version)",
            order: titles.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }, entries: entries)
    }

    private init(title: String, order: [String], entries: [Entry]) {
        let asking = entries.reduce(into: Set<String>()) { $0.formUnion($1.files) }
        let ranks = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
        // The definition itself, which has no place in an order, comes last.
        let manifests = asking.sorted { (ranks[$0] ?? .max, $0) < (ranks[$1] ?? .max, $1) }
        let places = Dictionary(manifests.enumerated().map { ($1, $0) }) { first, _ in first }
        let sorted = entries.map { ($0, $0.files.compactMap { places[$0] }.sorted()) }.sorted {
            // By where most of those who ask for it are, so that few lines cross.
            let (left, right) = ($0.1.mean, $1.1.mean)
            return left == right ? $0.0.name < $1.0.name : left < right
        }
        var layers: [Layer] = []
        var positions: [Digest: Int] = [:]
        var images: [Image] = []
        for (index, (entry, asking)) in sorted.enumerated() {
            var own: [Int] = []
            for layer in entry.layers {
                let position = positions[layer.digest] ?? layers.count
                if position == layers.count {
                    positions[layer.digest] = position
                    layers.append(Layer(digest: layer.digest, size: layer.size, images: []))
                }
                if layers[position].images.last != index { layers[position].images.append(index) }
                if !own.contains(position) { own.append(position) }
            }
            images.append(Image(name: entry.name, manifests: asking, layers: own))
        }
        self.title = title
        self.manifests = manifests
        self.images = images
        self.layers = layers
    }

    private static func layers(of resolution: ImagesLock.Resolution?, for platforms: [Platform]) -> [Descriptor] {
        (resolution?.platforms ?? []).filter { platforms.contains($0.platform) }.flatMap(\.layers)
    }
}

extension [Int] {
    /// In thousandths, rounded down: a picture is the same on every machine.
    var mean: Int { isEmpty ? .max : reduce(0, +) * 1000 / count }
}

extension Int64 {
    /// Sizes are what a registry or a lock says they are; what no number can hold is the largest one.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, isTooMuch) = addingReportingOverflow(other)
        return isTooMuch ? .max : sum
    }
}
