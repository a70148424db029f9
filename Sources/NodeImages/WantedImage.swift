package import BundleFormat
internal import ImageLayout
package import OCI

/// One image of a bundle as a node has to hold it: what to write, what hangs from what, and every name.
package struct WantedImage: Sendable {
    /// An index, manifest or config, and what containerd must know that it leads to.
    package struct Document: Sendable {
        package var descriptor: Descriptor
        /// The content that must not be collected while this document is there; only what the node holds.
        package var children: [Reference]
    }

    /// A garbage collection reference from a document to its child, by the key that containerd itself would use.
    package struct Reference: Hashable, Sendable {
        package var label: String
        package var target: Digest
    }

    /// A reference of the bundle's description, and the names that the runtime will be asked for because of it.
    package struct Request: Sendable {
        package var reference: String
        package var names: [String]
    }

    /// Why the image is in the bundle, ordered by reference; never empty.
    package let requests: [Request]
    /// What the names point to.
    package let root: Descriptor
    /// Children before parents, the root last; each once.
    package let documents: [Document]
    /// Each once.
    package let layers: [Descriptor]
    /// What is unpacked: the images of the node's platform.
    package let chains: [ImageChain]

    /// The references of the bundle's description that this image stands for.
    package var references: [String] { requests.map(\.reference) }
    /// Every name that the runtime will be asked for, once.
    package var names: [String] { Set(requests.flatMap(\.names)).sorted() }
    /// All content, each digest once.
    package var content: [Descriptor] { layers + documents.map(\.descriptor) }

    /// The images of `bundle` as a node of `platform` must hold them.
    ///
    /// Of an image for several platforms only the node's is taken. One that is not made for the node at all is taken
    /// as it is and never unpacked: somebody put it into the bundle, and its names must resolve.
    package static func all(of bundle: BundleReader, for platform: Platform) -> [WantedImage] {
        let described = Dictionary(grouping: bundle.description.images, by: \.digest)
        return bundle.graph.entries.map { entry in
            let requests = described[entry.descriptor.digest, default: []].map {
                Request(reference: $0.reference, names: $0.names)
            }
            return WantedImage(entry, requests: requests.sorted { $0.reference < $1.reference }, platform: platform)
        }
    }

    init(_ entry: ImageGraph.Entry, requests: [Request], platform: Platform) {
        let own = entry.images.filter { $0.platform == platform }
        let taken = own.isEmpty ? entry.images : own
        var documents: [Document] = []
        var layers: [Descriptor] = []
        var seen: Set<Digest> = []
        for image in taken {
            for layer in image.manifest.value.layers where seen.insert(layer.digest).inserted {
                layers.append(layer.bare)
            }
            if seen.insert(image.config.digest).inserted {
                documents.append(Document(descriptor: image.config.bare, children: []))
            }
            if seen.insert(image.manifest.descriptor.digest).inserted {
                documents.append(
                    Document(descriptor: image.manifest.descriptor, children: Self.children(of: image.manifest.value)))
            }
        }
        if seen.insert(entry.descriptor.digest).inserted {
            let children = taken.enumerated().map { position, image in
                Reference(
                    label: "\(ContainerdLabel.contentReference)m.\(position)", target: image.manifest.descriptor.digest)
            }
            documents.append(Document(descriptor: entry.descriptor.bare, children: children))
        }
        self.requests = requests
        root = entry.descriptor.bare
        self.documents = documents
        self.layers = layers
        chains = own.map { ImageChain(config: $0.config.digest, layers: $0.manifest.value.layers, diffIDs: $0.diffIDs) }
    }

    /// The keys of containerd's `images.ChildGCLabels`.
    private static func children(of manifest: Manifest) -> [Reference] {
        [Reference(label: "\(ContainerdLabel.contentReference)config", target: manifest.config.digest)]
            + manifest.layers.enumerated().map { position, layer in
                Reference(label: "\(ContainerdLabel.contentReference)l.\(position)", target: layer.digest)
            }
    }
}

extension WantedImage.Document {
    /// The labels that are missing from `present` for all children to be referenced.
    ///
    /// A key that is taken stays: another platform's child may hang from it, put there by somebody else.
    func missingLabels(in present: [String: String]) -> [String: String] {
        let referenced = Set(present.filter { ContainerdLabel.isContentReference($0.key) }.values)
        var added: [String: String] = [:]
        for child in children where !referenced.contains(child.target.description) {
            var key = child.label
            var number = 0
            while present[key] != nil || added[key] != nil {
                key = "\(ContainerdLabel.contentReference)sealift.\(number)"
                number += 1
            }
            added[key] = child.target.description
        }
        return added
    }
}
