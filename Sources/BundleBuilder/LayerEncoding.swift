internal import BundleFormat
internal import Definition
internal import FoundationEssentials
internal import Frames
internal import OCI
internal import Packages
internal import SystemPackage

/// What became of a layer that was encoded anew; its own bytes, where they were zstd before.
struct LayerEncoding: Hashable, Sendable {
    /// Chosen by measuring (docs/decisions/0014): a higher one takes its time and hardly makes it smaller.
    static let level: Int32 = 3

    var blob: Descriptor
    /// The digests of the layer's tar; none where nobody has looked.
    var diffIDs: [Digest]

    /// Encodes the layer in `source` into the file `path`, and digests on the way what is unpacked and what comes out.
    ///
    /// - Parameters:
    ///   - layer: the layer.
    ///   - source: gives its bytes.
    ///   - path: where the new blob goes; of a layer that is zstd already nothing does.
    ///   - expected: the diff IDs that images claim for it, with the image.
    /// - Returns: the blob, whose file is complete, and what was unpacked.
    /// - Throws: ``BuildError/unlikeItsConfig(_:layer:expected:found:)`` where a claim is wrong,
    ///   ``BuildError/unreadableLayer(_:layer:reason:)`` where it can't be unpacked, or what `source` throws.
    static func make(
        of layer: Descriptor, from source: any PayloadSource, at path: FilePath, expected: [Digest: ImageReference]
    ) throws -> LayerEncoding {
        let output = try EncodedFile(at: path)
        let encoder = try ZstdEncoder(level: level)
        var hashers = Set(expected.keys.map(\.algorithm)).map { DigestHasher($0) }
        let compression: LayerTar.Compression
        do {
            compression = try LayerTar.read {
                try source.read(into: $0)
            } take: { piece in
                for index in hashers.indices { hashers[index].update(piece) }
                try encoder.write(piece) { try output.write($0) }
            }
        } catch let fault as LayerTar.Fault {
            throw BuildError.unreadableLayer(expected.values.min(), layer: layer.digest, reason: fault.reason)
        }
        guard compression != .zstd else {
            return LayerEncoding(
                blob: Descriptor(mediaType: .ociLayerZstd, digest: layer.digest, size: layer.size), diffIDs: [])
        }
        try encoder.finish { try output.write($0) }
        let encoding = LayerEncoding(blob: try output.finish(), diffIDs: hashers.map { $0.digest() })
        try encoding.check(expected, of: layer.digest)
        return encoding
    }

    /// Throws where an image's config says that another tar is in `layer`.
    func check(_ expected: [Digest: ImageReference], of layer: Digest) throws(BuildError) {
        guard !diffIDs.isEmpty else { return }
        for (claimed, reference) in expected.sorted(by: { $0.key < $1.key }) where !diffIDs.contains(claimed) {
            throw .unlikeItsConfig(
                reference, layer: layer, expected: claimed,
                found: diffIDs.first { $0.algorithm == claimed.algorithm } ?? diffIDs[0])
        }
    }

    /// Whether it can tell if each of `expected` is right.
    func covers(_ expected: some Sequence<Digest>) -> Bool {
        diffIDs.isEmpty || expected.allSatisfy { claim in diffIDs.contains { $0.algorithm == claim.algorithm } }
    }
}

/// A file of the cache's, made when it was locked, that grows while it is digested.
private final class EncodedFile {
    private let path: FilePath
    private let file: FileDescriptor
    private var hasher = DigestHasher()
    private var size: Int64 = 0

    init(at path: FilePath) throws(BuildError) {
        self.path = path
        do {
            file = try FileDescriptor.open(path, .writeOnly, options: [.truncate, .closeOnExec])
        } catch {
            throw .system(action: "open", path, error as? Errno ?? .ioError)
        }
    }

    deinit { try? file.close() }  // all that counts was written before

    func write(_ bytes: UnsafeRawBufferPointer) throws(BuildError) {
        do { try file.writeAll(bytes) } catch {
            throw .system(action: "write", path, error as? Errno ?? .ioError)
        }
        hasher.update(bytes)
        size += Int64(bytes.count)
    }

    func finish() throws(BuildError) -> Descriptor {
        Descriptor(mediaType: .ociLayerZstd, digest: hasher.digest(), size: size)
    }
}

extension BlobCache {
    /// What an earlier build has made of `layer`, if it is still there and tells of each of `expected`.
    func encoding(of layer: Descriptor, telling expected: some Sequence<Digest>) -> LayerEncoding? {
        guard let content = note(at: encodingPath(of: layer.digest)) else { return nil }
        let words = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        // `try?`: else it is made again.
        guard words.count >= 2, let digest = try? Digest(parsing: words[0]), let size = Int64(words[1]),
            let diffIDs = try? words[2...].map({ try Digest(parsing: $0) })
        else { return nil }
        let encoding = LayerEncoding(
            blob: Descriptor(mediaType: .ociLayerZstd, digest: digest, size: size), diffIDs: diffIDs)
        // The blob of a layer that was zstd before is fetched like any other.
        return (digest == layer.digest || contains(encoding.blob)) && encoding.covers(expected) ? encoding : nil
    }

    /// Whether `layer` itself is not wanted any more, since an earlier build has encoded it.
    func isEncoded(_ layer: Descriptor) -> Bool {
        encoding(of: layer, telling: []).map { $0.blob.digest != layer.digest } ?? false
    }

    /// Puts in a blob that `make` writes to the path that it is given, and remembers that it is the encoding of `layer`.
    ///
    /// Another process that encodes the same layer is waited for; what it made is taken if it tells of each of `expected`.
    func add(
        encodingOf layer: Descriptor, telling expected: some Sequence<Digest> & Sendable,
        make: @Sendable (FilePath) async throws -> LayerEncoding
    ) async throws -> LayerEncoding {
        let encoding = try await add(named: "encoded-\(layer.digest.algorithm.rawValue)-\(layer.digest.hex)") { path in
            if let known = self.encoding(of: layer, telling: expected) { return (nil, known) }
            let made: LayerEncoding
            do { made = try await make(path) } catch {
                try? FileManager.default.removeItem(atPath: path.string)  // the next one starts anew in any case
                throw error
            }
            return (made.blob.digest == layer.digest ? nil : made.blob.digest, made)
        }
        let content = ["\(encoding.blob.digest) \(encoding.blob.size)"] + encoding.diffIDs.map(\.description)
        let bytes = Data(content.joined(separator: "\n").utf8)
        try add(Data("\(Digest.of(bytes))\n".utf8) + bytes, at: encodingPath(of: layer.digest))
        return encoding
    }

    /// Another level or another libzstd makes other blobs.
    private func encodingPath(of layer: Digest) -> FilePath {
        let kind = "zstd-\(ZstdEncoder.libraryVersion)-\(LayerEncoding.level)"
        return Self.encodingsFolder(of: root).appending("\(kind)-\(layer.algorithm.rawValue)-\(layer.hex)")
    }
}
