package import BundleFormat
package import FoundationEssentials
internal import Frames
package import ImageLayout
package import OCI
package import Signatures
package import SystemPackage
internal import Tarball
package import TestSupport

/// A small but real bundle: an OCI and a Docker image, one for two platforms, a text and a file that compresses.
package struct SampleBundle {
    /// What a test may change before anything is digested.
    package struct Parts {
        package var images: [(reference: String, image: TestImage)]
        package var platforms: [Platform] = [.linuxAMD64, .linuxARM64]
        /// What stands in the place of a registry's content, the documents that were replaced, and which images' roots
        /// they are, by reference.
        package var replacements: [Replacement] = []
        package var originals: [Data] = []
        package var originalRoots: [String: Digest] = [:]
        /// What a delta leaves to its base.
        package var base: BundleDescription.Base?
        /// Whether that is in the archive all the same.
        package var carriesAll = false
        /// Changes the description, as JSON text.
        package var editDescription: (String) -> String = { $0 }
        /// Changes `index.json`.
        package var editIndex: (inout ImageIndex) -> Void = { _ in }
        /// Changes the artifact manifest.
        package var editArtifact: (inout Manifest) -> Void = { _ in }
        /// Changes the text of `index.json`.
        package var editIndexText: (String) -> String = { $0 }
        /// Whether there is a bill of materials behind the blobs.
        package var hasBill = false
    }

    package static let references = [
        "docker.io/library/app:1.0", "registry.example/team/db:2", "registry.example/team/web:3.1",
    ]

    package private(set) var contents: BundleContents
    package private(set) var appendix: BundleAppendix?
    package let blobs: [Digest: Data]
    package let index: Data
    package let images: [TestImage]

    /// Made once: hundreds of archives are made of them.
    private static let usualImages = Result {
        [
            try TestImage(platforms: [.linuxAMD64, .linuxARM64], layers: [2000, 9000], seed: 1),
            try TestImage(format: .docker, layers: [2000, 30_000], seed: 2),
            try TestImage(layers: [2000, 700, 400_000], seed: 3),
        ]
    }

    package static func parts() throws -> Parts {
        Parts(images: Array(zip(references, try usualImages.get())).map { (reference: $0, image: $1) })
    }

    package init(_ change: (inout Parts) throws -> Void = { _ in }) throws {
        var parts = try Self.parts()
        try change(&parts)
        images = parts.images.map(\.image)
        var blobs = parts.images.reduce(into: [Digest: Data]()) { $0.merge($1.image.blobs) { first, _ in first } }
        func layer(_ title: String, _ mediaType: MediaType, _ bytes: Data) -> Descriptor {
            blobs[.of(bytes)] = bytes
            return Descriptor(
                mediaType: mediaType, digest: .of(bytes), size: Int64(bytes.count),
                annotations: [Annotation.title: title])
        }
        let text = Data("apiVersion: v1\nkind: List\nitems: []\n".utf8)
        let layers = [
            layer("manifests/app.yaml", .bundleManifest, text),
            layer("files/words.txt", .file, Data(String(repeating: "a file of many words; ", count: 9000).utf8)),
        ]
        let originals = parts.originals.map { layer("originals/\(Digest.of($0).hex).json", .bundleOriginal, $0) }
        var named: [(name: String, descriptor: Descriptor)] = []
        var described: [BundleDescription.Image] = []
        for (reference, image) in parts.images {
            let repository = reference.prefix(upTo: reference.lastIndex(of: ":") ?? reference.endIndex)
            let original = parts.originalRoots[reference]
            let names = [reference] + [image.root.digest, original].compactMap(\.self).map { "\(repository)@\($0)" }
            described.append(
                BundleDescription.Image(
                    reference: reference, names: names, digest: image.root.digest, original: original))
            named += names.map { ($0, image.root) }
        }
        let description = BundleDescription(
            name: "sample", version: "1.2.3", description: "a sample", platforms: parts.platforms, kubernetes: nil,
            parameters: [Parameter(name: "replicas", kind: .integer, value: "3")], profiles: [:],
            stages: [.init(name: "app", manifests: ["manifests/app.yaml"], checks: [], readyTimeout: 60)],
            images: described, files: [.init(name: "files/words.txt", mode: "0644")], hasBill: parts.hasBill,
            replacements: parts.replacements, base: parts.base, builtWith: "test")
        let json = String(decoding: try encodeJSON(description), as: UTF8.self)
        let config = layer("", .bundleConfig, Data(parts.editDescription(json).utf8)).bare
        var manifest = Manifest(
            mediaType: .ociManifest, artifactType: MediaType.bundle.rawValue, config: config, layers: layers + originals
        )
        parts.editArtifact(&manifest)
        let artifact = try Document(encoding: manifest, mediaType: .ociManifest)
        blobs[artifact.descriptor.digest] = artifact.bytes
        var listing = BundleIndex.make(images: named, artifact: artifact.descriptor)
        parts.editIndex(&listing)
        let indexText = String(decoding: try encodeJSON(listing), as: UTF8.self)
        index = Data(parts.editIndexText(indexText).utf8)

        var graph = ImageGraph(platforms: parts.platforms)
        for (_, image) in parts.images { try graph.add(image.root) { blobs[$0.digest] ?? Data() } }
        let _: Document<Manifest> = try graph.document(artifact.descriptor) { _ in artifact.bytes }
        for layer in layers + originals { try graph.addLayer(layer.bare) }
        // The config goes beside the texts: a changed one may be no description any more.
        var texts = [.of(text): text, config.digest: blobs[config.digest] ?? Data()]
        for original in parts.originals { texts[.of(original)] = original }
        contents = BundleContents(
            index: index, graph: graph, texts: texts, without: parts.carriesAll ? [] : Set(parts.base?.leftOut ?? []))
        self.blobs = blobs
        if parts.hasBill {
            appendix = BundleAppendix(
                bill: Data(
                    BillOfMaterialsOpening.opening(index: .of(index)) + Array("}}}\n".utf8)))
        }
    }

    /// The sample, signed.
    package init(signer: PrivateKey) throws {
        self = try SampleBundle().signed(by: signer)
    }

    /// The same bundle with a signature.
    package func signed(by key: PrivateKey) throws -> SampleBundle {
        var signed = self
        signed.contents = try contents.signed(by: key)
        signed.appendix = try appendix?.signed(by: key)
        return signed
    }

    /// Writes the archive with the product's own writer.
    @discardableResult
    package func write(
        to path: FilePath, workers: Int = 2, packed: ((PackedBlob) -> Void)? = nil, behindBlobs: () -> Void = {}
    ) throws -> (digest: Digest, size: Int64) {
        let file = try Self.create(path)
        return try file.closeAfter {
            try BundleWriter(contents).write(
                to: file, at: path, workers: workers, packed: packed, payload: { Payload(blobs[$0.digest] ?? Data()) },
                progress: { _ in },
                appendix: {
                    behindBlobs()
                    return appendix
                })
        }
    }

    /// The members as an attacker would handle them: names, bytes, and the header that stands before them.
    package func members() throws -> [Member] {
        try (contents.members + (appendix?.members ?? [])).map { member in
            switch member.content {
            case .document(let bytes): try Member(member.name, bytes)
            case .blob(let descriptor): try Member(member.name, blobs[descriptor.digest] ?? Data())
            }
        }
    }

    package struct Member {
        package var name: String
        package var header: [UInt8]
        package var bytes: Data
        package var padding: [UInt8]

        package init(_ name: String, _ bytes: Data) throws {
            self.name = name
            self.bytes = bytes
            header = try TarHeader.encode(name: name, size: Int64(bytes.count))
            padding = [UInt8](repeating: 0, count: TarHeader.padding(after: Int64(bytes.count)))
        }
    }

    /// Frames any tar anew, with sound checksums and tables.
    package static func reframe(_ members: [Member], tail: [UInt8] = [], to path: FilePath) throws {
        let file = try create(path)
        try file.closeAfter {
            let writer = try FrameWriter(to: file, at: path, workers: 1)
            try writer.cut(.compressed(level: 1))
            for member in members {
                for piece in [Data(member.header), member.bytes, Data(member.padding)] {
                    try piece.withUnsafeBytes { try writer.write($0) }
                }
            }
            let end = [UInt8](repeating: 0, count: TarHeader.trailerSize) + tail
            try end.withUnsafeBytes { try writer.write($0) }
            _ = try writer.finish()
        }
    }

    private static func create(_ path: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(
            path, .readWrite, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
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

/// Opens and verifies; throws what opening throws, returns the report.
package func verify(_ path: FilePath, workers: Int = 2) async throws -> BundleVerification.Report {
    try await BundleVerification(of: BundleReader(opening: path)).run(workers: workers) { _ in }
}

/// What `verify` complains about: an error's words, or the faults; empty for a sound bundle.
package func complaint(about path: FilePath) async -> String {
    do {
        return try await verify(path).faults.map { "\($0.member): \($0.reason) \($0.images)" }.joined(separator: "\n")
    } catch {
        return "\(error)"
    }
}
