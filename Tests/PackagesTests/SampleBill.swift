import BundleFormat
import FoundationEssentials
import ImageLayout
import OCI
import Packages

/// The bill of a bundle whose images have the given layers.
struct SampleBill {
    let description: BundleDescription
    let index = Digest.of(Data("index".utf8))
    private(set) var graph: ImageGraph
    let files: [Descriptor]
    private var layers: [Digest: LayerPackages] = [:]

    /// One image for each element of `layers`; `names` are those of the first.
    init(layers: [[LayerPackages?]], names: [String] = ["docker.io/library/sample:1"]) throws {
        graph = ImageGraph(platforms: [.linuxAMD64])
        var images: [BundleDescription.Image] = []
        for (number, found) in layers.enumerated() {
            let digests = found.indices.map { Self.layer(number, $0) }
            for (digest, packages) in zip(digests, found) { self.layers[digest] = packages }
            let diffIDs = digests.map { #""\#($0)""# }.joined(separator: ",")
            let config = Data(
                #"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[\#(diffIDs)]}}"#.utf8)
            let manifest = Manifest(
                mediaType: .ociManifest,
                config: Descriptor(mediaType: .ociConfig, digest: .of(config), size: Int64(config.count)),
                layers: digests.map { Descriptor(mediaType: .ociLayerGzip, digest: $0, size: 1000) })
            let document = try Document(encoding: manifest, mediaType: .ociManifest)
            try graph.add(document.descriptor) { $0.digest == document.descriptor.digest ? document.bytes : config }
            for name in number == 0 ? names : ["registry.example/other/image-\(number):2"] {
                images.append(
                    BundleDescription.Image(
                        reference: name, names: [name, "\(name.prefix { $0 != ":" })@\(document.descriptor.digest)"],
                        digest: document.descriptor.digest))
            }
        }
        description = BundleDescription(
            name: "sample", version: "1.0.0", description: "a \"sample\"\n", platforms: [.linuxAMD64], kubernetes: nil,
            parameters: [], profiles: [:], stages: [], images: images, files: [], builtWith: "0.0.1")
        files = [
            Descriptor(
                mediaType: MediaType(rawValue: "application/vnd.sealift.file.v1"), digest: .of(Data("file".utf8)),
                size: 4, annotations: [Annotation.title: "files/a b.txt"])
        ]
    }

    /// The digest of a layer of an image, by their places.
    func digest(of image: Int, layer: Int) -> Digest { Self.layer(image, layer) }

    private static func layer(_ image: Int, _ layer: Int) -> Digest { .of(Data("\(image)/\(layer)".utf8)) }

    /// The document's bytes.
    var encoded: [UInt8] {
        // As an index lists an image: once for each name.
        BillOfMaterials(
            bundle: description, index: index, images: graph.entries + graph.entries, files: files, layers: layers
        ).encoded()
    }

    func document() throws -> Bill { try JSONDecoder().decode(Bill.self, from: Data(encoded)) }
}

/// What tests look at of a bill.
struct Bill: Decodable {
    struct Component: Decodable {
        struct Property: Decodable {
            var name: String
            var value: String
        }
        struct Evidence: Decodable {
            struct Occurrence: Decodable {
                var location: String
            }
            var occurrences: [Occurrence]
        }
        var type: String
        var name: String
        var version: String?
        var group: String?
        var purl: String?
        var evidence: Evidence?
        var components: [Component]?
        var properties: [Property]?

        func values(of name: String) -> [String] { (properties ?? []).filter { $0.name == name }.map(\.value) }
    }
    struct Metadata: Decodable {
        var component: Component
    }
    var serialNumber: String
    var metadata: Metadata
    var components: [Component]
}
