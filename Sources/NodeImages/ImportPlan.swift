package import OCI

/// What an import will do to a containerd, computed before anything happens.
///
/// Equal inputs give equal plans; a node that holds everything gives an empty one.
package struct ImportPlan: Hashable, Sendable, Codable {
    /// A label that content which is there already lacks.
    package struct Labelling: Hashable, Sendable, Codable {
        package var digest: Digest
        package var labels: [String: String]
    }

    /// A name to create, or to change.
    package struct Naming: Hashable, Sendable, Codable {
        package var name: String
        package var target: Descriptor
        /// What the name points to now, where it is something else.
        package var movedFrom: Digest?
        /// The labels to set; others stay.
        package var labels: [String: String]
    }

    /// A layer to unpack on top of those below it.
    package struct Unpacking: Hashable, Sendable, Codable {
        /// The chain ID, which the snapshot will be called.
        package var chain: Digest
        package var parent: Digest?
        package var layer: Descriptor
        package var diffID: Digest
    }

    /// An image's config that is to hold the image's unpacked layers.
    package struct Holding: Hashable, Sendable, Codable {
        package var config: Digest
        package var chain: Digest
        package var references: [String]
    }

    /// `NAME-VERSION`.
    package var bundle: String
    /// Layers to write, each once.
    package var layers: [Descriptor] = []
    /// Layers to write that a delta leaves to its base; where there are any, nothing can be imported.
    package var missing: [Descriptor] = []
    /// Indexes, manifests and configs to write, children before parents, with their labels.
    package var documents: [Descriptor] = []
    package var labellings: [Labelling] = []
    package var namings: [Naming] = []
    /// Layers to unpack, parents before children, each once; empty where unpacking is off.
    package var unpackings: [Unpacking] = []
    package var holdings: [Holding] = []
    /// The bytes of all content that is to be written, and of what is there already.
    package var bytesToWrite: Int64 = 0
    package var bytesThere: Int64 = 0

    /// Whether there is nothing to do.
    package var isEmpty: Bool {
        layers.isEmpty && missing.isEmpty && documents.isEmpty && labellings.isEmpty && namings.isEmpty
            && unpackings.isEmpty
            && holdings.isEmpty
    }

    /// Compares what `images` need with what `node` has.
    ///
    /// - Parameters:
    ///   - images: the bundle's images.
    ///   - node: the containerd's state.
    ///   - bundle: `NAME-VERSION`, which the names are labelled with.
    ///   - snapshotter: where layers are unpacked to; `nil` leaves them packed.
    ///   - isLeftOut: whether a layer is not in the bundle's archive, since its base has brought it.
    package init(
        for images: [WantedImage], on node: NodeState, bundle: String, snapshotter: String?,
        isLeftOut: (Digest) -> Bool = { _ in false }
    ) {
        self.bundle = bundle
        var seen: Set<Digest> = []
        for image in images {
            for layer in image.layers where seen.insert(layer.digest).inserted {
                guard count(layer, on: node) else { continue }
                if isLeftOut(layer.digest) { missing.append(layer) } else { layers.append(layer) }
            }
            for document in image.documents where seen.insert(document.descriptor.digest).inserted {
                guard !count(document.descriptor, on: node) else {
                    documents.append(document.descriptor)
                    continue
                }
                let missing = document.missingLabels(in: node.contents[document.descriptor.digest]?.labels ?? [:])
                if !missing.isEmpty {
                    labellings.append(Labelling(digest: document.descriptor.digest, labels: missing))
                }
            }
            for name in image.names {
                if let naming = Self.naming(of: name, image.root, on: node, bundle: bundle) { namings.append(naming) }
            }
        }
        if let snapshotter { planUnpacking(images, on: node, snapshotter: snapshotter) }
    }

    /// Counts the bytes; returns whether `descriptor` is to be written.
    private mutating func count(_ descriptor: Descriptor, on node: NodeState) -> Bool {
        let isThere = node.holds(descriptor)
        if isThere { bytesThere += descriptor.size } else { bytesToWrite += descriptor.size }
        return !isThere
    }

    private static func naming(
        of name: String, _ root: Descriptor, on node: NodeState, bundle: String
    ) -> Naming? {
        let known = node.images[name]
        let isOurs =
            known?.bundle(ContainerdLabel.bundle, named: name) != nil || known?.target.digest != root.digest
        var labels = [
            ContainerdLabel.managed: ContainerdLabel.managedValue, ContainerdLabel.pinned: ContainerdLabel.pinnedValue,
            ContainerdLabel.name: name,
        ]
        // Somebody else's record of the same image is pinned, and stays theirs when the bundle goes.
        labels[isOurs ? ContainerdLabel.bundle : ContainerdLabel.adopted] = bundle
        guard let known else { return Naming(name: name, target: root, movedFrom: nil, labels: labels) }
        if known.target.digest != root.digest {
            return Naming(name: name, target: root, movedFrom: known.target.digest, labels: labels)
        }
        let isAsWanted = labels.allSatisfy { known.labels[$0.key] == $0.value }
        return isAsWanted ? nil : Naming(name: name, target: root, movedFrom: nil, labels: labels)
    }

    private mutating func planUnpacking(_ images: [WantedImage], on node: NodeState, snapshotter: String) {
        let label = ContainerdLabel.snapshot(snapshotter)
        var chains: Set<Digest> = []
        var configs: Set<Digest> = []
        for image in images {
            for chain in image.chains {
                guard let top = chain.links.last else { continue }
                for link in chain.links where chains.insert(link.id).inserted {
                    guard !node.snapshots.contains(link.id.description) else { continue }
                    unpackings.append(
                        Unpacking(chain: link.id, parent: link.parent, layer: link.layer, diffID: link.diffID))
                }
                let isHeld =
                    node.snapshots.contains(top.id.description)
                    && node.contents[chain.config]?.labels[label] == top.id.description
                if !isHeld, configs.insert(chain.config).inserted {
                    holdings.append(Holding(config: chain.config, chain: top.id, references: image.references))
                }
            }
        }
    }
}
