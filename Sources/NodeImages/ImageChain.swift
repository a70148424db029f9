internal import FoundationEssentials
package import OCI

/// An image's layers, unpacked one on the other: image-spec 1.1, config.md, "Layer ChainID".
package struct ImageChain: Hashable, Sendable {
    /// One layer on top of those below it.
    package struct Link: Hashable, Sendable {
        /// The chain ID: the name of the snapshot that holds this layer and all below.
        package var id: Digest
        /// The chain ID of what is below; `nil` for the base.
        package var parent: Digest?
        package var layer: Descriptor
        /// The digest of the layer's tar, uncompressed.
        package var diffID: Digest
    }

    package let config: Digest
    /// Base first; empty for an image without layers.
    package let links: [Link]

    /// The chain of `layers`, which are as many as `diffIDs`; anything else is not an image and refused before.
    package init(config: Digest, layers: [Descriptor], diffIDs: [Digest]) {
        self.config = config
        var links: [Link] = []
        for (layer, diffID) in zip(layers, diffIDs) {
            let parent = links.last?.id
            // The base's chain ID is its diff ID.
            let id = parent.map { Digest.of(Data("\($0) \(diffID)".utf8)) } ?? diffID
            links.append(Link(id: id, parent: parent, layer: layer.bare, diffID: diffID))
        }
        self.links = links
    }
}
