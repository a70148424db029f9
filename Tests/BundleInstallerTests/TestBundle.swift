import BundleFormat
import FoundationEssentials
import Frames
import ImageLayout
import OCI
import SystemPackage
import TestSupport

/// A bundle of given files and images, written with the product's own writer; without Kubernetes unless a test asks.
struct TestBundle {
    struct Layer {
        var title: String?
        var type: MediaType
        var bytes: [UInt8]

        init(_ title: String?, _ type: MediaType, _ text: String) {
            self.title = title
            self.type = type
            bytes = Array(text.utf8)
        }
    }

    var layers: [Layer]
    var images: [(reference: String, image: TestImage)] = []
    var description: BundleDescription

    /// One stage with one manifest.
    init(version: String = "1.0.0", manifest: String = "{apiVersion: v1, kind: List, items: []}\n") {
        layers = [Layer("manifests/app.yaml", .bundleManifest, manifest)]
        description = BundleDescription(
            name: "sample", version: version, description: nil, platforms: [.current], kubernetes: nil, parameters: [],
            profiles: [:],
            stages: [.init(name: "app", manifests: ["manifests/app.yaml"], checks: [], readyTimeout: 60)],
            images: [], files: [], builtWith: "test")
    }

    /// Writes the archive to `path` and opens it.
    func write(to path: FilePath) throws -> BundleReader {
        var blobs = images.reduce(into: [Digest: Data]()) { $0.merge($1.image.blobs) { first, _ in first } }
        func add(_ bytes: Data, _ mediaType: MediaType, title: String? = nil) -> Descriptor {
            blobs[.of(bytes)] = bytes
            return Descriptor(
                mediaType: mediaType, digest: .of(bytes), size: Int64(bytes.count),
                annotations: title.map { [Annotation.title: $0] })
        }
        var description = description
        var named: [(String, Descriptor)] = []
        for (written, image) in images {
            let reference = try ImageReference(parsing: written)
            let names = [reference.runtimeName, reference.digestedName(image.root.digest)]
            description.images.append(.init(reference: written, names: names, digest: image.root.digest))
            named += names.map { ($0, image.root) }
        }
        let descriptors = layers.map { add(Data($0.bytes), $0.type, title: $0.title) }
        let artifact = try Document(
            encoding: Manifest(
                mediaType: .ociManifest, artifactType: MediaType.bundle.rawValue,
                config: add(try encodeJSON(description), .bundleConfig), layers: descriptors), mediaType: .ociManifest)
        blobs[artifact.descriptor.digest] = artifact.bytes
        let index = try encodeJSON(BundleIndex.make(images: named, artifact: artifact.descriptor))

        var graph = ImageGraph(platforms: description.platforms)
        for (_, image) in images { try graph.add(image.root) { blobs[$0.digest] ?? Data() } }
        let _: Document<Manifest> = try graph.document(artifact.descriptor) { _ in artifact.bytes }
        let _: Document<BundleDescription> = try graph.document(artifact.value.config) { blobs[$0.digest] ?? Data() }
        for descriptor in descriptors { try graph.addLayer(descriptor.bare) }
        let texts = descriptors.filter(\.mediaType.isBundleText).map { ($0.digest, blobs[$0.digest] ?? Data()) }
        let contents = BundleContents(
            index: index, graph: graph, texts: Dictionary(texts) { first, _ in first })
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        try file.closeAfter {
            _ = try BundleWriter(contents).write(
                to: file, at: path, workers: 1, payload: { Payload(blobs[$0.digest] ?? Data()) }, progress: { _ in })
        }
        return try BundleReader(opening: path)
    }

    private final class Payload: PayloadSource {
        private var rest: Data

        init(_ bytes: Data) { rest = bytes }

        func read(into target: UnsafeMutableRawBufferPointer) -> Int {
            let piece = rest.prefix(target.count)
            target.copyBytes(from: piece)
            rest = Data(rest.dropFirst(piece.count))
            return piece.count
        }
    }
}
