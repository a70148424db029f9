package import Layers
package import OCI
package import SystemPackage

/// A layer as it stands in a registry: a tar, mostly compressed.
package enum PackedLayer {
    private static let pieceSize = 256 << 10

    /// Unpacks a layer and proves that it is the one that its image's config lists.
    ///
    /// - Parameters:
    ///   - blob: the layer's bytes; read to their end where there is no doubt.
    ///   - type: how it is packed: containerd looks at this first, and for what is compressed at the first bytes.
    ///   - diffID: the digest of the tar.
    ///   - folder: empty, on an overlay file system's upper side.
    ///   - isBase: nothing lies below.
    /// - Returns: the folders that are to be given what those of the layers below have.
    /// - Throws: where containerd is to unpack the layer, or to refuse it.
    package static func unpack(
        _ blob: any ByteSource, of type: MediaType, diffID: Digest, into folder: FilePath, isBase: Bool
    ) throws(UnpackDoubt) -> ImpliedFolders {
        let compressed = ByteStream(blob, capacity: pieceSize)
        do throws(ReadFault) {
            let content: any ByteSource
            switch type {
            case .ociLayer: content = compressed
            case .ociLayerGzip, .ociLayerZstd, .dockerLayerGzip: content = try LayerInput.content(of: compressed)
            default: throw ReadFault("the media type \(type)")
            }
            let digesting = DigestingSource(content, diffID.algorithm)
            let implied: ImpliedFolders
            do throws(UnpackDoubt) {
                implied = try LayerUnpacking.run(
                    ByteStream(digesting, capacity: pieceSize), into: folder, isBase: isBase)
            } catch {
                throw ReadFault(error.reason)
            }
            guard try compressed.look(ahead: 1).isEmpty else { throw ReadFault("bytes behind what is compressed") }
            guard digesting.digest == diffID else { throw ReadFault("its tar is not the one of the image's config") }
            return implied
        } catch {
            throw UnpackDoubt(error.reason)
        }
    }
}

/// Digests what is read through it.
private final class DigestingSource: ByteSource {
    private let source: any ByteSource
    private var hasher: DigestHasher

    init(_ source: any ByteSource, _ algorithm: Digest.Algorithm) {
        self.source = source
        hasher = DigestHasher(algorithm)
    }

    var digest: Digest { hasher.digest() }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        let count = try source.read(into: target)
        hasher.update(UnsafeRawBufferPointer(rebasing: target[..<count]))
        return count
    }
}
