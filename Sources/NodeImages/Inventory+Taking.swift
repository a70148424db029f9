package import BundleFormat
internal import Containerd

extension Inventory {
    /// Asks a containerd what it has of the images of `bundle`; nothing is changed.
    ///
    /// Throws `ContainerdError`.
    package static func take(
        of bundle: BundleReader, on node: NodeOptions, expectsUnpacked: Bool
    ) async throws -> Inventory {
        let images = WantedImage.all(of: bundle, for: node.platform)
        let state = try await withNode(node) { try NodeState($0, snapshotter: node.snapshotter) }
        return Inventory(
            of: images, on: state, bundle: bundle.label, snapshotter: node.snapshotter, expectsUnpacked: expectsUnpacked
        )
    }
}
