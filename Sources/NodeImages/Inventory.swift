package import OCI

/// What a containerd has of a bundle's images, image by image and name by name.
package struct Inventory: Hashable, Sendable {
    /// A name that the runtime will be asked for.
    package struct Name: Hashable, Sendable, Encodable {
        package var name: String
        /// What it points to; `nil` where containerd doesn't know the name.
        package var target: Digest?
        /// Whether that is what the bundle says.
        package var isBundles: Bool
        /// Whether CRI, and so Kubernetes, sees it.
        package var isVisible: Bool
        /// Whether kubelet's image garbage collection leaves it alone.
        package var isPinned: Bool

        package var isSound: Bool { isBundles && isVisible && isPinned }
    }

    /// What a blob is in its image.
    package enum Role: String, Sendable, Encodable {
        case index, manifest, config, layer
    }

    /// Content that is not there, or not held by what is above it.
    package struct Blob: Hashable, Sendable, Encodable {
        package var role: Role
        package var digest: Digest
        package var bytes: Int64
    }

    /// Whether an image's layers are unpacked.
    package enum Unpacked: String, Sendable, Encodable {
        case yes, no
        /// The image is for another platform than the node's, or has no layers.
        case notApplicable = "not-applicable"
    }

    /// One image of the bundle: what stands behind one of its references.
    package struct Image: Hashable, Sendable, Encodable {
        package var reference: String
        package var digest: Digest
        package var names: [Name]
        /// Content that is not in the store.
        package var missing: [Blob]
        /// Content that is there, and that containerd's next garbage collection may take.
        package var unheld: [Blob]
        package var unpacked: Unpacked
        /// The chain IDs of layers that are not unpacked.
        package var missingSnapshots: [Digest]
        /// Layers are unpacked but nothing holds them: the next garbage collection takes them.
        package var snapshotsAreUnheld: Bool

        /// Everything but the unpacking.
        package var isComplete: Bool { names.allSatisfy(\.isSound) && missing.isEmpty && unheld.isEmpty }
        package var isUnpacked: Bool { unpacked != .no && !snapshotsAreUnheld }
    }

    /// `NAME-VERSION`.
    package var bundle: String
    package var images: [Image]
    /// Whether layers that are not unpacked make an image unsound.
    package var expectsUnpacked: Bool

    /// Whether every image is there, complete, under every name; the exit code hangs on it.
    package var isSound: Bool { images.allSatisfy { isSound($0) } }

    package func isSound(_ image: Image) -> Bool { image.isComplete && (image.isUnpacked || !expectsUnpacked) }

    /// Compares what `images` need with what `node` has.
    ///
    /// - Parameters:
    ///   - images: the bundle's images.
    ///   - node: the containerd's state.
    ///   - bundle: `NAME-VERSION`.
    ///   - snapshotter: where layers are unpacked to.
    ///   - expectsUnpacked: whether an image that isn't unpacked is unsound.
    package init(
        of images: [WantedImage], on node: NodeState, bundle: String, snapshotter: String, expectsUnpacked: Bool
    ) {
        self.bundle = bundle
        self.expectsUnpacked = expectsUnpacked
        self.images = images.flatMap { wanted in
            wanted.requests.map { Image($0, of: wanted, on: node, snapshotter: snapshotter) }
        }.sorted { $0.reference < $1.reference }
    }

    /// The part of the inventory that answers for one name, in any spelling that users type.
    ///
    /// The match is exact on the name that the runtime would ask for, so `nifi` never finds `nifi-registry`. Empty
    /// where the bundle has no such name; throws ``Malformed`` where `pattern` is no image name.
    package func query(_ pattern: String) throws(Malformed) -> Inventory {
        let name = try ImageReference(parsing: pattern).runtimeName
        var answer = self
        answer.images = images.compactMap { image in
            var image = image
            image.names.removeAll { $0.name != name }
            return image.names.isEmpty ? nil : image
        }
        return answer
    }
}

extension Inventory.Image {
    fileprivate init(
        _ request: WantedImage.Request, of wanted: WantedImage, on node: NodeState, snapshotter: String
    ) {
        reference = request.reference
        digest = wanted.root.digest
        names = request.names.sorted().map { Inventory.Name($0, wanted.root.digest, on: node) }
        let content =
            wanted.documents.reversed().map { Inventory.Blob($0.descriptor, role: .init($0.descriptor)) }
            + wanted.layers.map { Inventory.Blob($0, role: .layer) }
        missing = content.filter { node.contents[$0.digest]?.size != $0.bytes }
        let held = Set(
            wanted.documents.flatMap { document in
                let labels = node.contents[document.descriptor.digest]?.labels ?? [:]
                return labels.filter { ContainerdLabel.isContentReference($0.key) }.map(\.value)
            })
        let lost = Set(missing.map(\.digest))
        unheld = content.filter {
            $0.digest != wanted.root.digest && !lost.contains($0.digest) && !held.contains($0.digest.description)
        }
        let chains = wanted.chains.filter { !$0.links.isEmpty }
        let links = chains.flatMap(\.links).map(\.id)
        missingSnapshots = links.filter { !node.snapshots.contains($0.description) }
        unpacked = chains.isEmpty ? .notApplicable : missingSnapshots.isEmpty ? .yes : .no
        let label = ContainerdLabel.snapshot(snapshotter)
        snapshotsAreUnheld =
            missingSnapshots.isEmpty
            && chains.contains { node.contents[$0.config]?.labels[label] != $0.links.last?.id.description }
    }
}

extension Inventory.Name {
    fileprivate init(_ name: String, _ wanted: Digest, on node: NodeState) {
        let known = node.images[name]
        self.name = name
        target = known?.target.digest
        isBundles = target == wanted
        isVisible = known?.labels[ContainerdLabel.managed] == ContainerdLabel.managedValue
        isPinned = known?.labels[ContainerdLabel.pinned] == ContainerdLabel.pinnedValue
    }
}

extension Inventory.Blob {
    fileprivate init(_ descriptor: Descriptor, role: Inventory.Role) {
        self.init(role: role, digest: descriptor.digest, bytes: descriptor.size)
    }
}

extension Inventory.Role {
    fileprivate init(_ descriptor: Descriptor) {
        switch descriptor.mediaType.role {
        case .index: self = .index
        case .manifest: self = .manifest
        case .config: self = .config
        case .layer, .other: self = .layer
        }
    }
}
