package import BundleFormat
internal import Frames
internal import OCI
package import SystemPackage
internal import Threads

/// Copies an archive that is there into parts.
package struct BundleSplitting: Sendable {
    private let archive: PartedFile
    private let output: FilePath
    private let limit: Int64

    /// Takes an opened archive; `output` is the path that the whole would have, and `limit` the bytes of each part.
    ///
    /// Throws ``BuildError`` where there are parts already and `isForced` is not set, or where there is no room.
    package init(_ bundle: BundleReader, output: FilePath, limit: Int64, isForced: Bool) throws {
        archive = bundle.file.archive
        self.output = output
        self.limit = limit
        let list = PartsList.path(for: output)
        guard isForced || fileSize(list) == nil else { throw BuildError.outputExists(list) }
        try requireSpace(archive.size, at: output)
        try requireFewParts(of: output, bytes: archive.size, limit: limit)
    }

    /// The bytes that ``run(progress:)`` reads.
    package var bytes: Int64 { archive.size }

    /// Writes the parts and their list; `progress` is told the bytes copied since the last call.
    package func run(progress: @escaping @Sendable (Int64) -> Void) async throws -> PartsList {
        try await onThread("split") { cancellation in
            try PartsWriter.write(output, limit: limit) { target in
                var parts = ArchiveOutput(to: target)
                try archive.read(0..<archive.size) { piece in
                    try cancellation.check()
                    try parts.write([piece])
                    progress(Int64(piece.count))
                }
                return parts.finish()
            }
        }
    }
}

/// Puts an archive in parts together again; the parts stay.
package struct BundleJoining: Sendable {
    private let archive: PartsOnMedia
    private let prompt: BundleMedia.Prompt?
    private let output: FilePath

    /// Takes the parts that `path` leads to.
    ///
    /// Where there is a prompt, media are asked for one after the other, and each part is only open while it is copied.
    /// Where there is none, all parts must be there. Throws ``BuildError``, ``BundleError`` or ``FramesError``.
    package init(_ path: FilePath, on media: BundleMedia, output: FilePath?, isForced: Bool) throws {
        guard var archive = try media.parts(of: path) else { throw BuildError.notParted(path) }
        if media.prompt == nil { _ = try archive.find(archive.list.parts.indices, nil) }
        self.archive = archive
        prompt = media.prompt
        self.output = output ?? path.removingLastComponent().appending(archive.list.name)
        guard isForced || fileSize(self.output) == nil else { throw BuildError.outputExists(self.output) }
        try requireSpace(archive.list.size, at: self.output)
    }

    /// The bytes that ``run(progress:)`` reads.
    package var bytes: Int64 { archive.list.size }

    /// Writes the whole archive, and its digest beside it; returns its path.
    ///
    /// Each part's digest is compared while it is copied, and the whole's at the end: throws
    /// ``BuildError/wrongPart(path:expected:found:)``, and leaves nothing. `progress` is told the bytes copied since the
    /// last call.
    package func run(progress: @escaping @Sendable (Int64) -> Void) async throws -> FilePath {
        try await onThread("join") { cancellation in
            try DurableFile.write(to: output) { file, temporary in
                var archive = archive
                var whole = ArchiveOutput(to: .file(file, temporary))
                for (index, part) in archive.list.parts.enumerated() {
                    let place = try archive.find(index..<(index + 1), prompt)[0]
                    let source = try PartedFile(joining: [(path: place, size: part.size)], at: place)
                    var hasher = DigestHasher()
                    try source.read(0..<part.size) { piece in
                        try cancellation.check()
                        hasher.update(piece)
                        try whole.write([piece])
                        progress(Int64(piece.count))
                    }
                    let found = hasher.digest()
                    guard found == part.digest else {
                        throw BuildError.wrongPart(path: place, expected: part.digest, found: found)
                    }
                }
                let found = whole.finish().digest
                guard found == archive.list.digest else {
                    throw BuildError.wrongPart(path: output, expected: archive.list.digest, found: found)
                }
                try DurableFile.sync(file, temporary)
                try ChecksumFile.write(found, of: output)
            }
            return output
        }
    }
}

private func requireSpace(_ bytes: Int64, at output: FilePath) throws(BuildError) {
    let folder = output.removingLastComponent()
    let free = try freeSpace(at: folder.isEmpty ? "." : folder).bytes
    guard free >= bytes else { throw .notEnoughSpace(folder, needed: bytes, free: free) }
}

/// Throws where an archive of `bytes` can't be in parts of `limit` bytes each.
func requireFewParts(of archive: FilePath, bytes: Int64, limit: Int64) throws(BundleError) {
    guard (bytes - 1) / limit < Int64(PartsList.countLimit) else {
        throw .tooManyParts(archive: archive, limit: limit)
    }
}
