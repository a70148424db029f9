internal import ImageLayout
package import OCI

/// The top-level `index.json` of a bundle: every image once per name, and one artifact manifest without any name.
///
/// Why the artifact has none: with a name, `ctr images import` of containerd 1.6 fails on it, and 2.x keeps a bogus
/// image; without one, every version takes the images and leaves it.
package struct BundleIndex {
    /// The artifact's descriptor.
    package let artifact: Descriptor
    /// What the names point to, once per digest, in the index's order.
    package let images: [Descriptor]
    /// Digests by name.
    package let names: [String: Digest]
    /// The digests that stand in names, by name.
    private let pins: [String: Digest]

    /// What makes an index not a bundle's.
    struct Fault: Error {
        var reason: String
    }

    /// Reads `index`; throws ``Fault`` where it is not a bundle's.
    init(reading index: ImageIndex) throws(Fault) {
        var artifact: Descriptor?
        var images: [Descriptor] = []
        var known: [Digest: Descriptor] = [:]
        var names: [String: Digest] = [:]
        var pins: [String: Digest] = [:]
        for descriptor in index.manifests {
            let name = descriptor.annotations?[Annotation.containerdName]
            guard name == descriptor.annotations?[Annotation.referenceName] else {
                throw Fault(reason: "the two name annotations of \(descriptor.digest) differ")
            }
            guard let name else {
                guard descriptor.artifactType == MediaType.bundle.rawValue, artifact == nil else {
                    throw Fault(reason: "\(descriptor.digest) has no name and is not the bundle's one artifact")
                }
                artifact = descriptor.bare
                continue
            }
            pins[name] = try Self.reference(name).digest
            guard names.updateValue(descriptor.digest, forKey: name) == nil else {
                throw Fault(reason: "the name \(name) is listed twice")
            }
            guard let earlier = known.updateValue(descriptor.bare, forKey: descriptor.digest) else {
                images.append(descriptor.bare)
                continue
            }
            guard earlier == descriptor.bare else {
                throw Fault(reason: "\(descriptor.digest) is listed with two sizes or media types")
            }
        }
        guard let artifact else { throw Fault(reason: "it is an image layout without a bundle's artifact manifest") }
        self.artifact = artifact
        self.images = images
        self.names = names
        self.pins = pins
    }

    /// Checks that the names are exactly those of the description.
    func check(against description: BundleDescription) throws(Fault) {
        var expected: [String: Digest] = [:]
        for image in description.images {
            for name in image.names {
                guard expected.updateValue(image.digest, forKey: name) ?? image.digest == image.digest else {
                    throw Fault(reason: "the description gives the name \(name) to two images")
                }
                // That a replaced image stands for its original is for the replacements to prove.
                if let pin = pins[name], pin != image.digest, pin != image.original { throw Self.unusable(name) }
            }
        }
        for (name, digest) in names.sorted(by: { $0.key < $1.key }) where expected[name] != digest {
            throw Fault(reason: "index.json lists \(name) as \(digest), the description does not")
        }
        if let missing = expected.keys.sorted().first(where: { names[$0] == nil }) {
            throw Fault(reason: "the image name \(missing) is missing from index.json")
        }
    }

    private static func reference(_ name: String) throws(Fault) -> ImageReference {
        let reference: ImageReference
        do { reference = try ImageReference(parsing: name) } catch { throw Fault(reason: error.description) }
        guard reference.description == name, reference.runtimeName == name else { throw unusable(name) }
        return reference
    }

    private static func unusable(_ name: String) -> Fault {
        Fault(reason: "\(name) is not a name that the container runtime asks for")
    }

    /// The index document for `images` and the bundle's artifact; sorted, so that equal bundles have equal indexes.
    package static func make(images: [(name: String, descriptor: Descriptor)], artifact: Descriptor) -> ImageIndex {
        var artifact = artifact.bare
        artifact.artifactType = MediaType.bundle.rawValue
        let named = images.sorted { $0.name < $1.name }.map { name, descriptor in
            var entry = descriptor.bare
            entry.annotations = [Annotation.containerdName: name, Annotation.referenceName: name]
            return entry
        }
        return ImageIndex(manifests: [artifact] + named)
    }
}
