internal import Containerd
internal import OCI

/// Takes away what the import of a bundle put into a containerd, and nothing else.
package struct ImageRemoval: Sendable {
    /// What happens to a name.
    package enum Change: String, Sendable, Codable {
        /// The import made the name: it goes, and containerd collects what only it held.
        case delete
        /// The name was there before the import, which only pinned it: the pin goes.
        case unpin
    }

    /// A name, and what happens to it.
    package struct Item: Hashable, Sendable, Codable {
        package var name: String
        package var change: Change
    }

    /// `NAME-VERSION`.
    package let bundle: String
    /// Sorted by name.
    package let items: [Item]

    /// What to take away of `bundle`; names in `keeping` stay as they are.
    package init(of bundle: String, on node: NodeState, keeping: Set<String> = []) {
        self.bundle = bundle
        items = node.images.sorted { $0.key < $1.key }.compactMap { name, image in
            guard !keeping.contains(name) else { return nil }
            if image.bundle(ContainerdLabel.bundle, named: name) == bundle { return Item(name: name, change: .delete) }
            if image.bundle(ContainerdLabel.adopted, named: name) == bundle { return Item(name: name, change: .unpin) }
            return nil
        }
    }

    /// What to take away of `bundle` on a node; nothing is changed yet. Throws `ContainerdError`.
    package static func plan(
        of bundle: String, on node: NodeOptions, keeping: Set<String> = []
    ) async throws -> ImageRemoval {
        let state = try await withNode(node) { try NodeState($0, snapshotter: node.snapshotter) }
        return ImageRemoval(of: bundle, on: state, keeping: keeping)
    }

    /// Carries it out; a name whose labels have changed since is left alone. Throws `ContainerdError`.
    ///
    /// Returns when containerd has collected what nothing holds any more.
    package func run(on node: NodeOptions, progress: @escaping @Sendable (Item) -> Void) async throws {
        try await withNode(node) { connection in
            let last = items.last { $0.change == .delete }
            for item in items {
                guard var image = try connection.image(item.name) else { continue }
                switch item.change {
                case .delete where image.labels[ContainerdLabel.bundle] == bundle:
                    try connection.deleteImage(item.name, synchronously: item == last)
                case .unpin where image.labels[ContainerdLabel.adopted] == bundle:
                    // containerd keeps no label without a value.
                    for label in [ContainerdLabel.adopted, ContainerdLabel.name, ContainerdLabel.pinned] {
                        image.labels[label] = ""
                    }
                    try connection.put(image)
                default: continue
                }
                progress(item)
            }
        }
    }
}
