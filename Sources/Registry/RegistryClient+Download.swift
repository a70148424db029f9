internal import HTTP
package import OCI
package import SystemPackage
internal import Threads

extension RegistryClient {
    /// Fetches a blob into the file at `path`, going on after what an earlier run left there.
    ///
    /// On return the file holds exactly the descriptor's bytes, proven by their digest; syncing and renaming are the
    /// caller's. On an error the file stays for the next run, unless its bytes were proven wrong: then it is removed.
    ///
    /// - Parameters:
    ///   - descriptor: the blob.
    ///   - reference: an image that has it.
    ///   - path: a file that nobody else writes meanwhile.
    ///   - progress: told how many bytes were added, those from an earlier run included and negative where some were
    ///     thrown away, so that the sum is always what the file holds. Called on the transport's thread.
    /// - Throws: ``RegistryError``; its category tells a full disk from wrong bytes.
    package func download(
        _ descriptor: Descriptor, of reference: ImageReference, to path: FilePath,
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        let target = try target(
            "blobs", descriptor.digest.description, of: reference, subject: .blob(descriptor.digest, of: reference))
        _ = try await download(target, digest: descriptor.digest, size: descriptor.size, to: path, progress: progress)
    }

    /// Fetches a plain file by its URL into the file at `path`; otherwise like the download of a blob.
    ///
    /// Without `expecting` nothing is known of what an earlier run left: the file is fetched anew.
    ///
    /// - Parameters:
    ///   - url: where it is.
    ///   - expecting: its digest, and its size where that is known.
    ///   - path: a file that nobody else writes meanwhile.
    ///   - progress: told how many bytes were added.
    /// - Returns: what the file at `path` now holds.
    /// - Throws: ``RegistryError``; its category tells a full disk from wrong bytes.
    package func download(
        url: String, expecting: (digest: Digest, size: Int64?)?, to path: FilePath,
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) -> (digest: Digest, size: Int64) {
        try await download(
            try fileTarget(url), digest: expecting?.digest, size: expecting?.size, to: path, progress: progress)
    }

    private func download(
        _ target: Target, digest: Digest?, size: Int64?, to path: FilePath,
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) -> (digest: Digest, size: Int64) {
        let file = try PartialFile(at: path)
        let writer = BodyWriter(
            target, size: size, algorithm: digest?.algorithm ?? .sha256, output: file, progress: progress)
        let hadContent = try await onThread("sealift-prefix") { () throws(RegistryError) in
            try Self.adoptPrefix(of: file, into: writer, isUsable: digest != nil)
        }
        try await withSlot(of: transfers, for: target) { () async throws(RegistryError) in
            let transfer = BodyTransfer(exchanger: exchanger, writer: writer, needsValidator: digest == nil)
            do throws(RegistryError) {
                try await transfer.run()
            } catch {
                // Of a file that nobody knows nothing is gone on with; it could be as large as the limit.
                if digest == nil { try file.remove() }
                throw error
            }
            guard let digest, writer.digest != digest else { return }
            if hadContent {
                // The part from the earlier run may be to blame: once more, from nothing.
                try writer.restart()
                try await transfer.run()
            }
            let actual = writer.digest
            guard actual != digest else { return }
            try file.remove()
            throw .digestMismatch(target.subject, host: target.host, expected: digest, actual: actual)
        }
        return (writer.digest, writer.offset)
    }

    /// Hashes what `file` holds already; `false` where that is nothing, or nothing of use.
    private static func adoptPrefix(
        of file: PartialFile, into writer: BodyWriter, isUsable: Bool
    ) throws(RegistryError) -> Bool {
        let size = try file.size()
        guard size > 0 else { return false }
        guard isUsable, size <= writer.expectedSize ?? .max else {
            _ = try file.rewind()
            return false
        }
        try file.readAll(writer.adopt)
        return true
    }
}
