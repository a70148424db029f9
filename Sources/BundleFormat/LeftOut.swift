internal import FoundationEssentials
internal import ImageLayout
package import OCI

/// The blobs that hang from a delta's index and are not in its archive: whoever takes the delta in has them.
///
/// Documents are never among them: names, digests and what hangs from what is known without the base.
package struct LeftOut: Sendable {
    /// By digest.
    package let blobs: [Digest: Descriptor]
    /// Those of them that are programs of Kubernetes, by platform (`linux/amd64`): they are on the host and not in its
    /// containerd.
    package let programs: [String: Descriptor]

    package var isEmpty: Bool { blobs.isEmpty }
    package var bytes: Int64 { blobs.values.reduce(0) { $0 + $1.size } }

    package func contains(_ digest: Digest) -> Bool { blobs[digest] != nil }

    /// Finds the blobs of `description.base`; throws where one is none that may be left out.
    init(
        _ description: BundleDescription, _ files: [String: Descriptor], graph: ImageGraph, texts: [Digest: Data]
    ) throws(BundleIndex.Fault) {
        let wanted = description.base?.leftOut ?? []
        guard zip(wanted, wanted.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw BundleIndex.Fault(reason: "the description's list of blobs in its base is not in order")
        }
        let programs = description.programs(in: files)
        let known = Self.eligible(in: graph, programs.values)
        var blobs: [Digest: Descriptor] = [:]
        for digest in wanted {
            guard let blob = known[digest], texts[digest] == nil, graph.documents[digest] == nil else {
                throw BundleIndex.Fault(
                    reason: "the description leaves \(digest) to its base, which is no layer of an image in it")
            }
            blobs[digest] = blob
        }
        self.blobs = blobs
        self.programs = programs.filter { blobs[$0.value.digest] != nil }.mapValues(\.bare)
    }

    /// What a delta may leave out: layers of images, and programs of Kubernetes.
    fileprivate static func eligible(
        in graph: ImageGraph, _ programs: some Sequence<Descriptor>
    ) -> [Digest: Descriptor] {
        let layers = graph.entries.flatMap(\.images).flatMap(\.manifest.value.layers) + programs
        return Dictionary(layers.map { ($0.digest, $0.bare) }) { first, _ in first }
    }
}

extension BundleReader {
    /// What a host that has taken in this bundle, and the bases of it, has: a delta on top of it may leave that out.
    package var holdings: [Digest: Int64] {
        LeftOut.eligible(in: graph, description.programs(in: files).values).mapValues(\.size)
    }
}

extension BundleDescription {
    /// The programs of Kubernetes among `files`, by platform.
    fileprivate func programs(in files: [String: Descriptor]) -> [String: Descriptor] {
        (kubernetes?.binaries ?? [:]).compactMapValues { files[$0] }
    }
}
