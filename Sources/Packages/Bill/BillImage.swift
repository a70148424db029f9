internal import BundleFormat
internal import ImageLayout
internal import OCI

/// An image of one platform in a bill of materials.
struct BillImage {
    /// How the document refers to it: the digest that its names point to, and the platform.
    let reference: String
    /// Registry and repository of its first name, or its digest where it has none.
    let name: String
    private let digest: Digest
    private let names: [String]
    /// What the registries have in its place.
    private let originals: [Digest]
    private let purl: String?
    private let image: ImageGraph.Image
    private let packages: [BillPackage]
    private let distribution: LayerPackages.Distribution?
    private let unread: [String]

    init(
        _ image: ImageGraph.Image, of digest: Digest, known: [BundleDescription.Image],
        layers: [Digest: LayerPackages]
    ) {
        self.image = image
        self.digest = digest
        reference = "\(digest)/\(image.platform)"
        // `try?`: a bundle's references were parsed before; what can't be is no name that a purl could have.
        let first = known.lazy.compactMap { try? ImageReference(parsing: $0.reference) }.first
        name = first?.name ?? digest.description
        names = Set(known.flatMap { [$0.reference] + $0.names }).sorted()
        originals = Set(known.compactMap(\.original)).sorted()
        // Where to get it, that is, which the registry knows by its own digest.
        purl = first.flatMap {
            PackageURL.of($0, digest: known.first?.original ?? digest, architecture: image.platform.architecture)
        }
        let union = ImagePackages(
            layers: image.manifest.value.layers.map { ($0.digest, layers[$0.digest]) })
        distribution = union.distribution
        packages = BillPackage.merged(union.packages, in: union.distribution)
        unread = union.unread.map { layer, entry in
            "\(entry.path ?? "layer \(layer)"): \(entry.reason)"
        }
    }

    func encode(to json: inout JSONText) {
        json.object { json in
            json.text("type", "container")
            json.text("bom-ref", reference)
            json.text("name", name)
            json.text("version", digest.description)
            json.hash(digest)
            json.text("purl", purl)
            let parts = (distribution.map { [Part.system($0)] } ?? []) + packages.indices.map(Part.package)
            json.array("components", parts) { json, part in
                switch part {
                case .system(let system): encode(system, to: &json)
                case .package(let index): packages[index].encode(to: &json, reference: "\(reference)#\(index + 1)")
                }
            }
            json.properties(properties)
        }
    }

    private enum Part {
        case system(LayerPackages.Distribution)
        case package(Int)
    }

    private var properties: [(name: String, value: String)] {
        var properties = names.map { (name: "sealift:name", value: $0) }
        properties += originals.map { ("sealift:original", $0.description) }
        properties.append(("sealift:platform", image.platform.description))
        properties.append(("sealift:manifest", image.manifest.descriptor.digest.description))
        properties.append(("sealift:config", image.config.digest.description))
        properties += image.manifest.value.layers.map { ("sealift:layer", "\($0.digest) \($0.size)") }
        properties += unread.map { ("sealift:unread", $0) }
        return properties
    }

    private func encode(_ system: LayerPackages.Distribution, to json: inout JSONText) {
        json.object { json in
            json.text("type", "operating-system")
            json.text("bom-ref", "\(reference)#0")
            json.text("name", system.id)
            json.text("version", system.versionID)
            json.text("description", system.prettyName)
        }
    }
}
