package import BundleFormat
internal import Definition
internal import FoundationEssentials
internal import ImageLayout
package import OCI
package import SystemPackage

/// What the far side has already, so that a delta leaves it out.
package struct DeltaBase: Sendable {
    private enum Holdings: Sendable {
        /// Sizes by digest.
        case blobs([Digest: Int64])
        /// Only what names point to is known: the images of an `index.json`.
        case images([Descriptor])
    }

    /// The digest of the base's `index.json`.
    package let index: Digest
    package let name: String?
    package let version: String?
    private let holdings: Holdings

    /// Everything that a bundle has, and what it leaves to its own base.
    package init(of bundle: BundleReader) {
        index = bundle.index.descriptor.digest
        name = bundle.description.name
        version = bundle.description.version
        holdings = .blobs(bundle.holdings)
    }

    /// Reads an `index.json`, or what `sealift-installer status --export` wrote; `nil` where the file is neither, as an
    /// archive is.
    ///
    /// Throws `Malformed` or ``BuildError`` where it is one of them and can't be used.
    package init?(readingListAt path: FilePath) throws {
        guard let bytes = try Self.text(at: path) else { return nil }
        // First, and alone: which of the lists it is. What is none is for who opens it as an archive to complain about.
        guard let probe: Probe = try? decodeJSON(bytes, as: "base") else { return nil }
        if probe.kind == InstalledState.kind {
            let state = try InstalledState(decoding: bytes)
            (index, name, version) = (state.index, state.bundle, state.version)
            holdings = .blobs(Dictionary(state.blobs.map { ($0.digest, $0.size) }) { first, _ in first })
        } else if probe.manifests != nil {
            let document = try Document<ImageIndex>(bytes: bytes, mediaType: .ociIndex)
            (index, name, version) = (document.descriptor.digest, nil, nil)
            let manifests = document.value.manifests
            guard manifests.contains(where: { $0.artifactType == MediaType.bundle.rawValue }) else {
                throw BuildError.noBase(path, reason: "it is the index of something that is no bundle")
            }
            holdings = .images(manifests.filter { $0.artifactType == nil })
        } else {
            return nil
        }
    }

    private struct Probe: Decodable {
        struct Nothing: Decodable { init(from decoder: any Decoder) {} }

        var kind: String?
        var manifests: Nothing?
    }

    /// The bytes of a JSON file; `nil` where it is something else.
    private static func text(at path: FilePath) throws -> Data? {
        guard let size = fileSize(path), size <= ImageGraph.documentLimit else { return nil }
        let bytes = try readBytes(at: path)
        return bytes.first == UInt8(ascii: "{") ? bytes : nil
    }

    /// What people call it: `NAME VERSION`, or the digest of its index.
    package var label: String {
        BundleDescription.Base(index: index, name: name, version: version, leftOut: []).label
    }

    /// The sizes of what the base has, by digest.
    ///
    /// Of an `index.json` that is what is in images that are locked to the same digest, and in those whose documents
    /// an earlier build has left in `cache`.
    func holdings(
        for entries: [ImagesLock.Entry], of platforms: [Platform], cache: BlobCache?
    ) -> [Digest: Int64] {
        switch holdings {
        case .blobs(let blobs): return blobs
        case .images(let images):
            let known = Set(images.map(\.digest))
            let same = entries.compactMap(\.resolution).filter { known.contains($0.target.digest) }
            var layers = same.flatMap { resolution in platforms.flatMap { resolution[$0]?.layers ?? [] } }
            if let cache { layers += images.flatMap { Self.layers(of: $0, platforms, in: cache) } }
            return Dictionary(layers.map { ($0.digest, $0.size) }) { first, _ in first }
        }
    }

    /// The layers of an image all of whose documents are in `cache`; of another, none.
    private static func layers(of image: Descriptor, _ platforms: [Platform], in cache: BlobCache) -> [Descriptor] {
        struct Unknown: Error {}
        var graph = ImageGraph(platforms: platforms)
        // Then it is carried once more.
        guard
            (try? graph.add(image) { descriptor in
                guard let bytes = cache.bytes(of: descriptor) else { throw Unknown() }
                return bytes
            }) != nil
        else { return [] }
        return Array(graph.layers.values)
    }
}
