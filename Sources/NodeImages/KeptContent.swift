internal import Containerd
package import OCI

/// What containerd keeps for the images that a bundle brought: all that hangs from their names.
package struct KeptContent: Sendable {
    /// Sizes by digest.
    package let blobs: [Digest: Int64]

    /// The content of the images of `bundle`, as `NAME-VERSION`, on a node.
    ///
    /// Followed from blob to blob by containerd's own references: what nothing leads to may be collected any time. A blob
    /// that is missing, and all below it, is not in it.
    package init(of bundle: String, on node: NodeState) {
        var blobs: [Digest: Int64] = [:]
        var open = node.images.filter { name, image in
            [ContainerdLabel.bundle, ContainerdLabel.adopted].contains { image.bundle($0, named: name) == bundle }
        }.map(\.value.target.digest)
        while let digest = open.popLast() {
            guard blobs[digest] == nil, let content = node.contents[digest] else { continue }
            blobs[digest] = content.size
            open += content.labels.filter { ContainerdLabel.isContentReference($0.key) }.compactMap {
                // Whatever else stands there leads nowhere.
                try? Digest(parsing: $0.value)
            }
        }
        self.blobs = blobs
    }

    /// Asks containerd; throws `ContainerdError`.
    package static func read(of bundle: String, on node: NodeOptions) async throws -> KeptContent {
        KeptContent(of: bundle, on: try await withNode(node) { try NodeState($0, snapshotter: node.snapshotter) })
    }
}
