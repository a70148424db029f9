package import BundleBuilder
internal import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
package import OCI
package import Registry
package import Signatures
package import SystemPackage
internal import Threads

/// Brings a bundle back from a registry, to the file that was pushed.
package struct BundlePull: Sendable {
    /// What came.
    package struct Result: Sendable {
        package var path: FilePath
        package var digest: Digest
        package var size: Int64
        /// Whether the file is the one that was pushed, byte for byte. Where it is not, another Sealift or libzstd made
        /// its frames; every member is the same.
        package var isIdentical: Bool
        /// The digest that the pushed file had.
        package var pushed: Digest
        /// The file was there already.
        package var wasThere = false
    }

    /// Where, how, and with what.
    package struct Options: Sendable {
        package var output: FilePath
        package var cache: BlobCache
        package var keys: TrustedKeys
        package var jobs: Int
        package var workers: Int
        package var isForced: Bool

        package init(
            output: FilePath, cache: BlobCache, keys: TrustedKeys, jobs: Int, workers: Int, isForced: Bool
        ) {
            self.output = output
            self.cache = cache
            self.keys = keys
            self.jobs = jobs
            self.workers = workers
            self.isForced = isForced
        }
    }

    private let reference: ImageReference
    private let client: RegistryClient
    private let options: Options
    private let artifact: ArchiveArtifact

    /// Asks the registry what it has under `reference`; throws where that is no bundle.
    package init(_ reference: ImageReference, client: RegistryClient, options: Options) async throws {
        self.reference = reference
        self.client = client
        self.options = options
        guard case .manifest(let document) = try await client.resolve(reference) else {
            throw DistributionError.notABundle(reference, reason: "it is an image for several platforms")
        }
        guard ArchiveArtifact.isOne(document.value) else {
            throw DistributionError.notABundle(
                reference, reason: "its config is of the type \(document.value.config.mediaType)")
        }
        let config = try await client.blob(document.value.config, of: reference)
        artifact = try ArchiveArtifact(reading: document, config: config, from: reference)
    }

    /// The bytes that ``run(progress:)`` accounts for: everything fetched once, then packed.
    package var bytes: Int64 { 2 * artifact.members.reduce(0) { $0 + $1.size } }

    /// Fetches what the cache does not have, and writes the archive and its digest; goes on where an earlier run stopped.
    ///
    /// `progress` is told the bytes dealt with since the last call, from any thread.
    package func run(progress: @escaping @Sendable (Int64) -> Void) async throws -> Result {
        let path = options.output.appending(artifact.name)
        if let there = try await present(at: path, progress) { return there }
        try makeFolders(options.output)
        for _ in 0..<Self.attempts {
            try await fetch(progress)
            do {
                return try await write(to: path, progress)
            } catch let error as FilePayload.Corrupted {
                // The cache is not synced: a power cut can leave a blob of the right length that is none.
                options.cache.remove(error.descriptor.digest)
                progress(-bytes)
            }
        }
        throw DistributionError.unlikeItsIndex(reference, member: LayoutNames.indexFile)
    }

    /// How often a cache that has gone bad is filled again.
    private static let attempts = 3

    private func write(to path: FilePath, _ progress: @escaping @Sendable (Int64) -> Void) async throws -> Result {
        let archive = try await onThread("pack") { cancellation in
            try DurableFile.write(to: path) { file, temporary in
                let archive = try pack(file, temporary) { count in
                    try cancellation.check()
                    progress(count)
                }
                try check(temporary)
                try DurableFile.sync(file, temporary)
                try ChecksumFile.write(archive.digest, of: path)
                return archive
            }
        }
        return Result(
            path: path, digest: archive.digest, size: archive.size,
            isIdentical: archive.digest == artifact.archive.digest, pushed: artifact.archive.digest)
    }

    /// The file that is wanted, where it is there; throws where another one is, unless it may be replaced.
    private func present(at path: FilePath, _ progress: @escaping @Sendable (Int64) -> Void) async throws -> Result? {
        guard FileManager.default.fileExists(atPath: path.string) else { return nil }
        let digest = try await onThread("digest") { () throws -> Digest? in
            // Something that is no archive is another file.
            guard let file = try? FramedFile(opening: path), file.size == artifact.archive.size else { return nil }
            return try file.archive.digest()
        }
        if digest == artifact.archive.digest {
            let (digest, size) = artifact.archive
            progress(bytes)
            return Result(path: path, digest: digest, size: size, isIdentical: true, pushed: digest, wasThere: true)
        }
        guard options.isForced else { throw DistributionError.outputExists(path) }
        return nil
    }

    private func fetch(_ progress: @escaping @Sendable (Int64) -> Void) async throws {
        try await inParallel(artifact.members, width: options.jobs) { [self] member in
            if options.cache.contains(member) { return progress(member.size) }
            try await options.cache.add(member) { path in
                try await client.download(member, of: reference, to: path, progress: progress)
            }
        }
    }

    private func pack(
        _ file: FileDescriptor, _ path: FilePath, _ progress: (Int64) throws -> Void
    ) throws -> (digest: Digest, size: Int64) {
        let last = artifact.members.count - artifact.config.appendix
        var members: [BundleContents.Member] = []
        var room = ImageGraph.documentsLimit
        for (index, member) in artifact.members[..<last].enumerated() {
            let name = member.annotations?[Annotation.title] ?? ""
            guard index < artifact.config.documents else {
                members.append(.init(name: name, size: member.size, content: .blob(member)))
                continue
            }
            room -= member.size
            guard room >= 0 else { throw DistributionError.unlikeItsIndex(reference, member: name) }
            members.append(.init(name: name, size: member.size, content: .document(try bytes(of: member))))
            try progress(member.size)
        }
        return try BundleWriter(BundleContents(members: members)).write(
            to: file, at: path, workers: options.workers,
            payload: { try FilePayload($0, at: options.cache.path(of: $0.digest), isVerified: false) },
            progress: progress, appendix: appendix)
    }

    private func appendix() throws -> BundleAppendix? {
        let members = artifact.members.suffix(artifact.config.appendix)
        guard let bill = members.first else { return nil }
        guard bill.size <= BundleAppendix.billLimit else {
            throw DistributionError.unlikeItsIndex(reference, member: BundleAppendix.billMember)
        }
        guard members.count > 1, let last = members.last else { return BundleAppendix(bill: try bytes(of: bill)) }
        guard let signature = BundleSignature(decoding: try bytes(of: last)) else {
            throw DistributionError.unlikeItsIndex(reference, member: BundleAppendix.signatureMember)
        }
        return BundleAppendix(bill: try bytes(of: bill), signature: signature)
    }

    /// A small member, from the cache; what is wrong there is removed, so that the next run fetches it.
    private func bytes(of member: Descriptor) throws -> Data {
        guard let bytes = options.cache.bytes(of: member) else {
            throw DistributionError.unlikeItsIndex(reference, member: "\(member.digest)")
        }
        return bytes
    }

    /// Proves that what was put together is a bundle, with the members that its own index wants and no others: their
    /// digests were compared while they were packed.
    private func check(_ path: FilePath) throws {
        let bundle = try BundleReader(opening: path, trusting: options.keys)
        let wanted = bundle.contents.members.map { ($0.name, $0.size) }
        let last = artifact.members.count - artifact.config.appendix
        let found = artifact.members[..<last].map { ($0.annotations?[Annotation.title] ?? "", $0.size) }
        guard wanted.count == found.count else {
            throw DistributionError.unlikeItsIndex(reference, member: LayoutNames.indexFile)
        }
        if let (_, other) = zip(wanted, found).first(where: { $0 != $1 }) {
            throw DistributionError.unlikeItsIndex(reference, member: other.0)
        }
        _ = try bundle.appendix()
    }
}
