internal import BundleFormat
internal import FoundationEssentials
internal import OCI
internal import Packages
internal import SystemPackage
internal import Threads

/// What the layers of a build hold; grows while they are fetched and packed, and stays when packing starts anew.
final class LayerFindings: Sendable {
    /// The layers of all images.
    let layers: [Descriptor]
    private let digests: Set<Digest>
    private let cache: BlobCache?
    /// What layers were made of, where that is something else; it holds the same.
    private let originals: [Digest: Digest]
    private let found = Lock<[Digest: LayerPackages]>([:])

    /// Findings of earlier builds are in `cache`, and these go there; `nil` for nowhere.
    init(_ layers: [Descriptor], originals: [Digest: Digest] = [:], cache: BlobCache?) {
        self.layers = layers
        self.originals = originals
        digests = Set(layers.map(\.digest))
        self.cache = cache
    }

    func isLayer(_ digest: Digest) -> Bool { digests.contains(digest) }

    /// Whether something is a layer that nobody has read yet.
    func wants(_ digest: Digest) -> Bool { isLayer(digest) && found.withLock { $0[digest] == nil } }

    /// Takes what an earlier build has found in `layer`; `false` where none has.
    func recall(_ layer: Digest) -> Bool {
        guard let cache,
            let kept = cache.findings(in: layer) ?? originals[layer].flatMap({ cache.findings(in: $0) })
        else { return false }
        found.withLock { $0[layer] = kept }
        return true
    }

    /// Reads a layer to its end; throws what `source` throws, and then has found nothing.
    func scan(_ layer: Digest, _ source: any PayloadSource) throws {
        let packages = try LayerScan.run { try source.read(into: $0) }
        found.withLock { $0[layer] = packages }
        cache?.keep(packages, of: layer)
    }

    var all: [Digest: LayerPackages] { found.withLock { $0 } }
}

extension BlobCache {
    /// What was found in a layer by this version of Sealift; `nil` where nothing is kept, or it can't be read.
    fileprivate func findings(in layer: Digest) -> LayerPackages? {
        guard let content = note(at: findingsPath(of: layer)) else { return nil }
        return try? JSONDecoder().decode(LayerPackages.self, from: content)  // else the layer is read again
    }

    /// Keeps what was found for the next build, if that can be done.
    ///
    /// As with blobs nothing is synced; the digest in the first line tells what a power cut left.
    fileprivate func keep(_ packages: LayerPackages, of layer: Digest) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let content = try? encoder.encode(packages) else { return }  // the next build reads the layer again
        try? add(Data("\(Digest.of(content))\n".utf8) + content, at: findingsPath(of: layer))  // as above
    }

    private func findingsPath(of layer: Digest) -> FilePath {
        Self.findingsFolder(of: root).appending(
            "\(LayerPackages.formatVersion)-\(layer.algorithm.rawValue)-\(layer.hex)")
    }
}
