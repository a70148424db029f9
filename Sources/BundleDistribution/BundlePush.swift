package import BundleFormat
internal import FoundationEssentials
internal import Frames
package import OCI
package import Registry
internal import SystemPackage
internal import Threads

/// What a push has done.
package struct PushCount: Hashable, Sendable, Encodable {
    /// Blobs whose bytes were sent, and these bytes.
    package var uploaded = 0
    package var uploadedBytes: Int64 = 0
    /// Blobs that the registry took from another of its repositories.
    package var mounted = 0
    /// Blobs that were there.
    package var present = 0
}

/// Puts a whole bundle into a registry, as one artifact from which ``BundlePull`` makes the same file again.
package struct BundlePush: Sendable {
    /// What is in the registry now.
    package struct Result: Hashable, Sendable, Encodable {
        /// Where it is, by tag.
        package var reference: ImageReference
        /// The digest of the artifact's manifest.
        package var digest: Digest
        /// The digest of the archive.
        package var archive: Digest
        package var blobs: PushCount
    }

    private let bundle: BundleReader
    private let target: ImageReference
    private let client: RegistryClient
    private let jobs: Int
    private let appendix: BundleAppendix?
    private let ranges: [Digest: Range<Int64>]

    /// Takes an opened bundle; `target` without a tag gets the bundle's version as one.
    package init(_ bundle: BundleReader, to target: ImageReference, client: RegistryClient, jobs: Int) throws {
        self.bundle = bundle
        self.target = ImageReference(
            registry: target.registry, repository: target.repository,
            tag: target.tagIsImplied ? Self.tag(for: bundle.description.version) : target.tag, digest: nil)
        self.client = client
        self.jobs = jobs
        appendix = try bundle.appendix()
        ranges = try bundle.blobRanges()
    }

    /// The bytes that ``run(progress:)`` accounts for: the archive read once, then its members.
    package var bytes: Int64 {
        bundle.file.size + (bundle.contents.members + (appendix?.members ?? [])).reduce(0) { $0 + $1.size }
    }

    /// Pushes what is not there yet; what was pushed by a run that was stopped is there.
    ///
    /// `progress` is told the bytes dealt with since the last call, from any thread; negative where some are sent again.
    /// Throws ``DistributionError``, `RegistryError`, or `FramesError` where the archive can't be read.
    package func run(progress: @escaping @Sendable (Int64) -> Void) async throws -> Result {
        let artifact = try await describe(progress)
        var result = Result(
            reference: target, digest: artifact.manifest.digest, archive: artifact.archive.digest, blobs: PushCount())
        // A registry has nothing under a tag unless it has all of it.
        if try await client.pushedDigest(of: target) == artifact.manifest.digest {
            result.blobs.present = artifact.members.count + 1
            progress(artifact.members.reduce(0) { $0 + $1.size })
            return result
        }
        let counts = Lock(PushCount())
        let texts = documents()
        try await inParallel(artifact.members, width: jobs) { member in
            try await push(member, content(of: member, texts), counts, progress)
        }
        try await push(artifact.configDescriptor, SmallBlob(bytes: artifact.configBytes), counts) { _ in }
        try await client.put(artifact.manifestBytes, artifact.manifest, as: target.tag ?? "latest", in: target)
        result.blobs = counts.withLock { $0 }
        return result
    }

    private func push(
        _ member: Descriptor, _ content: @autoclosure @Sendable () throws -> any BlobContent, _ counts: Lock<PushCount>,
        _ progress: @escaping @Sendable (Int64) -> Void
    ) async throws {
        if try await client.hasBlob(member, in: target) {
            counts.withLock { $0.present += 1 }
            return progress(member.size)
        }
        _ = try await client.upload(member, to: target, from: try content(), progress: progress)
        counts.withLock { count in
            count.uploaded += 1
            count.uploadedBytes += member.size
        }
    }

    /// A version as a tag: what a tag can't have becomes `_`, as Helm does it.
    static func tag(for version: String) -> String {
        let allowed = version.utf8.map { byte -> UInt8 in
            let isFine =
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
            return isFine ? byte : UInt8(ascii: "_")
        }
        let tag = String(decoding: allowed.prefix(128), as: UTF8.self)
        return tag.hasPrefix(".") || tag.hasPrefix("-") ? "_" + tag.dropFirst() : tag
    }

    private func describe(_ progress: @escaping @Sendable (Int64) -> Void) async throws -> ArchiveArtifact {
        let digest = try await onThread("digest") { [bundle] cancellation in
            try bundle.file.archive.digest { count in
                try cancellation.check()
                progress(count)
            }
        }
        return try ArchiveArtifact(
            of: bundle.contents, appendix, name: bundle.archiveName ?? "bundle.tar.zst",
            version: bundle.description.version, digest: digest, size: bundle.file.size)
    }

    /// The members whose bytes are at hand, by digest.
    private func documents() -> [Digest: Data] {
        var documents: [Digest: Data] = [:]
        for member in bundle.contents.members + (appendix?.members ?? []) {
            if case .document(let bytes) = member.content { documents[.of(bytes)] = bytes }
        }
        return documents
    }

    private func content(of member: Descriptor, _ texts: [Digest: Data]) throws -> any BlobContent {
        if let bytes = texts[member.digest] { return SmallBlob(bytes: bytes) }
        guard let range = ranges[member.digest] else {
            throw DistributionError.unlikeItsIndex(target, member: "\(member.digest)")
        }
        return ArchiveBlob(bundle.file, range)
    }
}
