package import BundleFormat
package import OCI
package import Signatures
package import SystemPackage
internal import Threads

/// Signs an archive that is there, or signs it anew.
package struct BundleSigning: Sendable {
    private let bundle: BundleReader
    private let key: PrivateKey
    private let output: FilePath
    private let workers: Int

    /// Takes an opened archive; `output` may be its own path. Throws where something else is there and `isForced` is
    /// not set.
    package init(
        _ bundle: BundleReader, with key: PrivateKey, output: FilePath, isForced: Bool, workers: Int
    ) throws(BuildError) {
        // Even where it would be replaced: a list of parts or a part is no place for the whole.
        guard !bundle.isParted || output != bundle.path else { throw .parted(bundle.path) }
        guard isForced || fileSize(output) == nil else { throw .outputExists(output) }
        self.bundle = bundle
        self.key = key
        self.output = output
        self.workers = workers
    }

    /// The bytes that ``run(progress:)`` reads.
    package var bytes: Int64 { bundle.contents.tarSize }

    /// Writes the signed archive, and its digest beside it; until it is whole and on disk, what was there stays.
    ///
    /// Nothing is compressed anew, and every frame is checked on its way. `progress` is told the bytes copied since the
    /// last call.
    package func run(
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> (digest: Digest, size: Int64) {
        let contents = try bundle.contents.signed(by: key)
        let appendix = try bundle.appendix()?.signed(by: key)
        return try await onThread("sign") { cancellation in
            try DurableFile.write(to: output) { file, temporary in
                let archive = try BundleWriter(contents).write(
                    to: file, at: temporary, workers: workers, withPayloadOf: bundle, appendix: appendix
                ) { count in
                    try cancellation.check()
                    progress(count)
                }
                try DurableFile.sync(file, temporary)
                try ChecksumFile.write(archive.digest, of: output)
                return archive
            }
        }
    }
}
