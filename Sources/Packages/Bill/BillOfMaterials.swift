package import BundleFormat
package import ImageLayout
package import OCI

/// A bundle's bill of materials: its images, the packages in them, and its files.
package struct BillOfMaterials {
    private let bundle: BundleDescription
    private let index: Digest
    private let images: [BillImage]
    private let files: [Descriptor]

    /// The bill of a bundle.
    ///
    /// - Parameters:
    ///   - bundle: its description.
    ///   - index: the digest of its `index.json`.
    ///   - images: what the index leads to; an image under several names may be there several times.
    ///   - files: the layers of its artifact, with their titles.
    ///   - layers: what was found in the images' layers; of those that are missing the bill says so.
    package init(
        bundle: BundleDescription, index: Digest, images: [ImageGraph.Entry], files: [Descriptor],
        layers: [Digest: LayerPackages]
    ) {
        self.bundle = bundle
        self.index = index
        self.files = files
        var seen: Set<Digest> = []
        self.images = images.filter { seen.insert($0.descriptor.digest).inserted }.flatMap { entry in
            let known = bundle.images.filter { $0.digest == entry.descriptor.digest }
            return entry.images.map { BillImage($0, of: entry.descriptor.digest, known: known, layers: layers) }
        }.sorted { ($0.name, $0.reference) < ($1.name, $1.reference) }
    }

    /// The document: CycloneDX 1.6, JSON in UTF-8, with a line break at its end.
    ///
    /// Equal input gives equal bytes: no clock and no chance is in it. It begins with
    /// ``BundleFormat/BillOfMaterialsOpening``.
    package func encoded() -> [UInt8] {
        var json = JSONText(after: BillOfMaterialsOpening.opening(index: index))
        json.text("type", "application")
        json.text("name", bundle.name)
        json.text("version", bundle.version)
        json.text("description", bundle.description)
        json.hash(index)
        json.endObject()
        json.object("tools") { json in
            json.array("components", [bundle.builtWith]) { json, version in
                json.object { json in
                    json.text("type", "application")
                    json.text("name", "sealift")
                    json.text("version", version)
                }
            }
        }
        json.properties([("sealift:looked-for", Self.lookedFor)])
        json.endObject()
        json.array("components", images.map(Part.image) + files.map(Part.file)) { json, part in
            switch part {
            case .image(let image): image.encode(to: &json)
            case .file(let file): encode(file, to: &json)
            }
        }
        json.array("dependencies", [index]) { json, index in
            json.object { json in
                json.text("ref", index.description)
                json.array("dependsOn", images.map(\.reference) + files.map(Self.reference)) { $0.text(nil, $1) }
            }
        }
        json.endObject()
        json.endLine()
        return json.bytes
    }

    /// What a bill that names nothing else can't hold.
    private static let lookedFor =
        "dpkg, apk and rpm databases; Java archives and runtimes; Go programs since Go 1.18; Python and npm packages"

    private enum Part {
        case image(BillImage)
        case file(Descriptor)
    }

    private func encode(_ file: Descriptor, to json: inout JSONText) {
        json.object { json in
            json.text("type", "file")
            json.text("bom-ref", Self.reference(to: file))
            json.text("name", Self.title(of: file))
            json.hash(file.digest)
            json.properties([("sealift:media-type", file.mediaType.rawValue), ("sealift:bytes", String(file.size))])
        }
    }

    private static func title(of file: Descriptor) -> String {
        file.annotations?[Annotation.title] ?? file.digest.description
    }

    private static func reference(to file: Descriptor) -> String { "file:\(title(of: file))" }
}

extension JSONText {
    /// A component's `hashes`.
    mutating func hash(_ digest: Digest) {
        array("hashes", [digest]) { json, digest in
            json.object { json in
                json.text("alg", digest.algorithm == .sha256 ? "SHA-256" : "SHA-512")
                json.text("content", digest.hex)
            }
        }
    }

    /// A component's `properties`, in the order given.
    mutating func properties(_ properties: [(name: String, value: String)]) {
        array("properties", properties) { json, property in
            json.object { json in
                json.text("name", property.name)
                json.text("value", property.value)
            }
        }
    }
}
