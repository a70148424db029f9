import BundleFormat
import FoundationEssentials
import ImageLayout
import OCI
import SystemPackage
import TestSupport

/// A bundle of given images, written with the product's own writer.
struct NodeBundle {
    struct Image {
        var reference: String
        var image: TestImage
    }

    let images: [Image]
    let platforms: [Platform]
    var name = "sample"
    var version = "1.0.0"
    /// The bundle that a delta is built upon.
    var base: [TestImage] = []
    /// Payload that is written in place of the right one, of the same size.
    var replacing: [Digest: [UInt8]] = [:]

    init(_ images: [Image], platforms: [Platform] = [.linuxAMD64], version: String = "1.0.0") {
        self.images = images
        self.platforms = platforms
        self.version = version
    }

    /// The image of `reference`; fails the test where there is none.
    func image(_ reference: String) throws -> TestImage {
        guard let found = images.first(where: { $0.reference == reference }) else { throw NoSuchImage(name: reference) }
        return found.image
    }

    /// What is in the base's images, too.
    private var leavingOut: BundleDescription.Base {
        let known = Set(base.flatMap(\.manifests).flatMap(\.value.layers).map(\.digest))
        let own = images.map(\.image).flatMap(\.manifests).flatMap(\.value.layers)
        return .init(
            index: .of(Data("the base".utf8)), name: "sample", version: "1.0.0",
            leftOut: own.map(\.digest).filter(known.contains))
    }

    struct NoSuchImage: Error {
        var name: String
    }

    /// `repo:tag` and `repo@digest`.
    static func names(_ image: Image) throws -> [String] {
        let reference = try ImageReference(parsing: image.reference)
        return [reference.runtimeName, reference.digestedName(image.image.root.digest)]
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
        let text = Data("apiVersion: v1\nkind: List\nitems: []\n".utf8)
        let layer = add(text, .bundleManifest, title: "manifests/app.yaml")
        let named = try images.flatMap { image in try Self.names(image).map { ($0, image.image.root) } }
        let description = BundleDescription(
            name: name, version: version, description: nil, platforms: platforms, kubernetes: nil, parameters: [],
            profiles: [:], stages: [.init(name: "app", manifests: [layer.title], checks: [], readyTimeout: 60)],
            images: try images.map {
                BundleDescription.Image(
                    reference: $0.reference, names: try Self.names($0), digest: $0.image.root.digest)
            }, files: [], base: base.isEmpty ? nil : leavingOut, builtWith: "test")
        let artifact = try Document(
            encoding: Manifest(
                mediaType: .ociManifest, artifactType: MediaType.bundle.rawValue,
                config: add(try encodeJSON(description), .bundleConfig), layers: [layer]), mediaType: .ociManifest)
        blobs[artifact.descriptor.digest] = artifact.bytes
        var unique: [String: Descriptor] = [:]
        for (name, descriptor) in named { unique[name] = descriptor }
        let index = try encodeJSON(
            BundleIndex.make(images: unique.map { ($0.key, $0.value) }, artifact: artifact.descriptor))

        var graph = ImageGraph(platforms: platforms)
        for image in images { try graph.add(image.image.root) { blobs[$0.digest] ?? Data() } }
        let _: Document<Manifest> = try graph.document(artifact.descriptor) { _ in artifact.bytes }
        let _: Document<BundleDescription> = try graph.document(artifact.value.config) { blobs[$0.digest] ?? Data() }
        try graph.addLayer(layer.bare)
        let contents = BundleContents(
            index: index, graph: graph, texts: [layer.digest: text],
            without: Set(base.isEmpty ? [] : leavingOut.leftOut))

        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        try file.closeAfter {
            _ = try BundleWriter(contents).write(
                to: file, at: path, workers: 2,
                payload: { Payload(replacing[$0.digest].map { Data($0) } ?? blobs[$0.digest] ?? Data()) },
                progress: { _ in })
        }
        return try BundleReader(opening: path)
    }

    private final class Payload: PayloadSource {
        private let bytes: Data
        private var position: Int

        init(_ bytes: Data) {
            self.bytes = bytes
            position = bytes.startIndex
        }

        func read(into target: UnsafeMutableRawBufferPointer) -> Int {
            let end = min(position + target.count, bytes.endIndex)
            let piece = bytes[position..<end]
            target.copyBytes(from: piece)
            position = end
            return piece.count
        }
    }
}

extension Descriptor {
    fileprivate var title: String { annotations?[Annotation.title] ?? "" }
}
