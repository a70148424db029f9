internal import Frames
internal import OCI
internal import SystemPackage

extension BundleReader {
    /// Hands out the bytes of a file of the bundle's artifact, by its title, piece by piece.
    ///
    /// Throws ``BundleError`` where there is none, or after the last piece where they don't have the right digest.
    package func readFile(_ title: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let layer = files[title], let range = try blobRanges()[layer.digest] else {
            throw BundleError.member(path: path, name: title, reason: "is missing")
        }
        var hasher = DigestHasher(layer.digest.algorithm)
        try FrameReader(file).read(range) { piece in
            hasher.update(piece)
            try body(piece)
        }
        guard hasher.digest() == layer.digest else {
            throw BundleError.member(path: path, name: title, reason: "does not match its digest")
        }
    }
}
