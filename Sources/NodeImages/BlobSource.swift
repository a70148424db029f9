internal import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
internal import OCI
internal import SystemPackage

/// Where a bundle's blobs are: documents in memory, everything else in the archive.
final class BlobSource: Sendable {
    let bundle: BundleReader
    private let ranges: [Digest: Range<Int64>]
    /// The images' references by what their graph holds, for errors.
    private let users: [Digest: [String]]

    init(_ bundle: BundleReader) throws {
        self.bundle = bundle
        ranges = try bundle.blobRanges()
        let references = Dictionary(grouping: bundle.description.images, by: \.digest)
        var users: [Digest: Set<String>] = [:]
        for entry in bundle.graph.entries {
            let names = references[entry.descriptor.digest]?.map(\.reference) ?? []
            let own = entry.images.flatMap { image in
                [image.manifest.descriptor.digest, image.config.digest] + image.manifest.value.layers.map(\.digest)
            }
            for digest in own + [entry.descriptor.digest] { users[digest, default: []].formUnion(names) }
        }
        self.users = users.mapValues { $0.sorted() }
    }

    /// The references of the images that need a blob.
    func users(of digest: Digest) -> [String] { users[digest] ?? [] }

    /// The bytes of a blob from `offset` on, as many as are at hand; none at its end. Valid until the reader is used.
    func piece(
        _ digest: Digest, at offset: Int64, with reader: FrameReader
    ) throws -> UnsafeRawBufferPointer {
        guard let range = ranges[digest], offset <= range.upperBound - range.lowerBound else {
            throw NodeImagesError.damaged(archive: bundle.path, blob: digest, images: users(of: digest))
        }
        do {
            return try reader.piece((range.lowerBound + offset)..<range.upperBound)
        } catch {
            guard case .damaged = error else { throw error }
            throw NodeImagesError.unreadable(blob: digest, images: users(of: digest), reason: error.description)
        }
    }

    /// Calls `body` with the bytes of a blob from `offset` on, piece by piece.
    func read(
        _ digest: Digest, from offset: Int64, with reader: FrameReader, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        if let document = bundle.graph.documents[digest] {
            try document.bytes.withUnsafeBytes { bytes in
                try body(UnsafeRawBufferPointer(rebasing: bytes[min(Int(offset), bytes.count)...]))
            }
            return
        }
        var position = offset
        while case let piece = try piece(digest, at: position, with: reader), !piece.isEmpty {
            try body(piece)
            position += Int64(piece.count)
        }
    }
}
