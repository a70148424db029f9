package import OCI

/// What a containerd holds of content, names and snapshots, as far as images go.
package struct NodeState: Sendable {
    /// A blob of the content store; there means whole, since containerd checks size and digest before it commits.
    package struct Content: Hashable, Sendable {
        package var size: Int64
        package var labels: [String: String]

        package init(size: Int64, labels: [String: String]) {
            self.size = size
            self.labels = labels
        }
    }

    /// A name and what it points to.
    package struct Image: Hashable, Sendable {
        package var target: Descriptor
        package var labels: [String: String]

        package init(target: Descriptor, labels: [String: String]) {
            self.target = target
            self.labels = labels
        }

        /// The bundle that an import has noted under `label`, for this very name and not for one that was copied.
        func bundle(_ label: String, named name: String) -> String? {
            labels[ContainerdLabel.name] == name ? labels[label] : nil
        }
    }

    package var contents: [Digest: Content]
    package var images: [String: Image]
    /// The names of committed snapshots; those of unpacked layers are chain IDs.
    package var snapshots: Set<String>

    package init(
        contents: [Digest: Content] = [:], images: [String: Image] = [:], snapshots: Set<String> = []
    ) {
        self.contents = contents
        self.images = images
        self.snapshots = snapshots
    }

    /// Whether all of `descriptor` is there.
    package func holds(_ descriptor: Descriptor) -> Bool { contents[descriptor.digest]?.size == descriptor.size }
}
