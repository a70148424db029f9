package import FoundationEssentials
package import OCI
package import SystemPackage

/// A small but real image: every layer is a gzipped tar archive that a runtime can unpack.
package struct TestImage: Sendable {
    package enum Format: Sendable, CaseIterable {
        case oci, docker
    }

    /// Everything by digest: layers, configs, manifests, the index.
    package private(set) var blobs: [Digest: Data] = [:]
    /// What a tag points to: a manifest, or an index where there are several platforms.
    package private(set) var root: Descriptor
    /// One for each platform, in their order.
    package let manifests: [Document<Manifest>]

    /// Makes an image.
    ///
    /// - Parameters:
    ///   - format: OCI or Docker's schema 2.
    ///   - platforms: more than one makes an index.
    ///   - layers: the size of each layer's content; the first layer is shared by all platforms and seeds.
    ///   - seed: what the layers but the first are made of.
    ///   - base: the files of the first layer, for an image that must run; otherwise it is made like the others.
    ///   - isPlain: the layers but the first are tar archives of one repeated byte, not compressed: made fast at any
    ///     size.
    ///   - isZstd: the layers are zstd, not gzip.
    /// - Throws: only what encoding a document throws.
    package init(
        format: Format = .oci, platforms: [Platform] = [.linuxAMD64], layers: [Int] = [2000, 5000], seed: UInt64 = 1,
        base: [(name: String, bytes: [UInt8])]? = nil, isPlain: Bool = false, isZstd: Bool = false
    ) throws {
        var blobs: [Digest: Data] = [:]
        func add(_ bytes: Data, _ mediaType: MediaType) -> Descriptor {
            let descriptor = Descriptor(mediaType: mediaType, digest: .of(bytes), size: Int64(bytes.count))
            blobs[descriptor.digest] = bytes
            return descriptor
        }
        manifests = try platforms.enumerated().map { position, platform in
            var diffIDs: [Digest] = []
            let descriptors = layers.enumerated().map { index, size in
                let layerSeed = index == 0 ? 0 : seed &* 1000 &+ UInt64(position * 100 + index)
                let isPlain = isPlain && index > 0
                let bytes =
                    isPlain
                    ? [UInt8](repeating: UInt8(truncatingIfNeeded: layerSeed), count: size)
                    : seededBytes(size, seed: layerSeed)
                let made = [(name: "layer-\(index)-\(layerSeed).bin", bytes: bytes)]
                let tar = Tar.archive(index == 0 ? base ?? made : made)
                diffIDs.append(.of(Data(tar)))
                if isPlain { return add(Data(tar), .ociLayer) }
                if isZstd { return add(Data(Tar.zstd(tar)), .ociLayerZstd) }
                return add(Data(Tar.gzip(tar)), format == .oci ? .ociLayerGzip : .dockerLayerGzip)
            }
            let ids = diffIDs.map { "\"\($0)\"" }.joined(separator: ",")
            let config = """
                {"architecture":"\(platform.architecture)","os":"\(platform.os)",\
                "config":{"Cmd":["/bin/true"]},"rootfs":{"type":"layers","diff_ids":[\(ids)]}}
                """
            let manifest = Manifest(
                mediaType: format == .oci ? .ociManifest : .dockerManifest,
                config: add(Data(config.utf8), format == .oci ? .ociConfig : .dockerConfig), layers: descriptors)
            let document = try Document(
                encoding: manifest, mediaType: format == .oci ? .ociManifest : .dockerManifest)
            _ = add(document.bytes, document.descriptor.mediaType)
            return document
        }
        if platforms.count == 1 {
            root = manifests[0].descriptor
        } else {
            let type: MediaType = format == .oci ? .ociIndex : .dockerManifestList
            let children = zip(manifests, platforms).map { document, platform in
                var descriptor = document.descriptor
                descriptor.platform = platform
                return descriptor
            }
            let index = try Document(encoding: ImageIndex(mediaType: type, manifests: children), mediaType: type)
            root = add(index.bytes, type)
        }
        self.blobs = blobs
    }

    /// The one image of an OCI image layout.
    ///
    /// - Throws: where `folder` cannot be read, or is none of one image.
    package init(layout folder: FilePath) throws {
        let index: ImageIndex = try decodeJSON(Data(try contents(of: folder.appending("index.json"))), as: "index")
        func bytes(_ descriptor: Descriptor) throws -> Data {
            let name = "blobs/\(descriptor.digest.algorithm)/\(descriptor.digest.hex)"
            return Data(try contents(of: folder.appending(name)))
        }
        guard index.manifests.count == 1 else { throw Errno.invalidArgument }
        root = index.manifests[0]
        root.annotations = nil
        let manifest = try Document<Manifest>(bytes: bytes(root), mediaType: root.mediaType)
        manifests = [manifest]
        blobs[root.digest] = manifest.bytes
        for part in manifest.value.layers + [manifest.value.config] { blobs[part.digest] = try bytes(part) }
    }

    /// The same image with another root: the text of its own, changed.
    package func forged(as mediaType: MediaType? = nil, _ change: (String) -> String) -> TestImage {
        let text = Data(change(String(decoding: blobs[root.digest] ?? Data(), as: UTF8.self)).utf8)
        var forged = self
        forged.root = Descriptor(mediaType: mediaType ?? root.mediaType, digest: .of(text), size: Int64(text.count))
        forged.blobs[forged.root.digest] = text
        return forged
    }

    /// The first platform's largest layer.
    package var largestLayer: Descriptor {
        manifests[0].value.layers.max { $0.size < $1.size } ?? root
    }

    /// The bytes of `descriptor`; fails where the image hasn't got it.
    package func bytes(of descriptor: Descriptor) -> [UInt8] { Array(blobs[descriptor.digest] ?? Data()) }

    /// Writes the image as an OCI image layout into `folder`, under `name`.
    package func writeLayout(to folder: FilePath, name: String) throws {
        try write(#"{"imageLayoutVersion":"1.0.0"}"#.utf8, to: folder.appending("oci-layout"))
        for (digest, bytes) in blobs {
            try write(bytes, to: folder.appending("blobs").appending(digest.algorithm.rawValue).appending(digest.hex))
        }
        var entry = root
        entry.annotations = ["org.opencontainers.image.ref.name": name]
        try write(encodeJSON(ImageIndex(manifests: [entry])), to: folder.appending("index.json"))
    }
}
