internal import FoundationEssentials
internal import ImageLayout
internal import OCI

/// The proof that what stands in the place of a registry's content follows from it.
///
/// The replaced indexes and manifests travel with the bundle, byte for byte: that they, with the layers exchanged, become
/// what the bundle has is found by doing it again. That a layer's content is that of its original is told by the diff ID in
/// the config, which nobody has touched; who unpacks a layer compares it.
struct BundleReplacements {
    private let description: BundleDescription
    /// The replaced documents, by digest.
    private let originals: [Digest: Data]

    init(of description: BundleDescription, _ artifact: Manifest, _ texts: [Digest: Data]) {
        self.description = description
        originals = Dictionary(
            artifact.layers.filter { $0.mediaType == .bundleOriginal }.compactMap { layer in
                texts[layer.digest].map { (layer.digest, $0) }
            }
        ) { first, _ in first }
    }

    /// Throws where the description, the originals and the images in `graph` are not of one piece.
    func check(against graph: ImageGraph) throws(BundleIndex.Fault) {
        let list = description.replacements
        let table = Replacements(list)
        guard Set(list.map(\.original.digest)).count == list.count else {
            throw BundleIndex.Fault(reason: "the description replaces something twice")
        }
        for entry in list { try check(entry, table, graph) }
        let documents = Set(list.filter { $0.original.mediaType.role != .layer }.map(\.original.digest))
        if let stray = originals.keys.sorted().first(where: { !documents.contains($0) }) {
            throw BundleIndex.Fault(reason: "nothing stands in the place of the original \(stray)")
        }
        for image in description.images {
            guard let original = image.original, table[original]?.digest != image.digest else { continue }
            throw BundleIndex.Fault(
                reason: "\(image.digest) does not stand in the place of \(original), as its image says")
        }
    }

    private func check(_ entry: Replacement, _ table: Replacements, _ graph: ImageGraph) throws(BundleIndex.Fault) {
        let (original, new) = (entry.original, entry.replacement)
        switch original.mediaType.role {
        case .layer:
            guard Replacements.isEncodable(original.mediaType), new.mediaType == .ociLayerZstd,
                graph.layers[new.digest] == new
            else { throw BundleIndex.Fault(reason: "no image has the layer \(new.digest) for \(original.digest)") }
        case .index, .manifest:
            guard let bytes = originals[original.digest], Int64(bytes.count) == original.size else {
                throw BundleIndex.Fault(reason: "the original \(original.digest) is missing")
            }
            let found = graph.documents[new.digest]
            do {
                guard let found, found.descriptor == new,
                    try table.turn(bytes, as: original.mediaType, into: found.bytes)
                else {
                    throw BundleIndex.Fault(reason: "\(new.digest) is not what becomes of \(original.digest)")
                }
            } catch let error as Malformed {
                throw BundleIndex.Fault(reason: "the original \(original.digest): \(error)")
            } catch let fault as BundleIndex.Fault {
                throw fault
            } catch {
                throw BundleIndex.Fault(reason: "\(error)")
            }
        case .config, .other:
            throw BundleIndex.Fault(reason: "\(original.mediaType) can't be replaced")
        }
    }
}
