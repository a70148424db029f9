package import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
internal import OCI

/// A bundle's images as the repositories of a registry; nothing of it changes while it is served.
package struct ServedBundle: Sendable {
    /// One repository, by the full name of its images.
    struct Repository: Sendable {
        var tags: [String: Digest] = [:]
        var manifests: Set<Digest> = []
        var blobs: [Digest: Int64] = [:]
        /// What refers to a manifest of the repository as its `subject`.
        var referrers: [Digest: [Descriptor]] = [:]
    }

    /// A document, as it is sent.
    struct Body: Sendable {
        var mediaType: MediaType
        var bytes: Data
    }

    let file: FramedFile
    /// By `registry/path`.
    let repositories: [String: Repository]
    /// All names, sorted.
    let names: [String]
    /// The full names that a path without registry can mean.
    private let fullNames: [String: [String]]
    private let documents: [Digest: (descriptor: Descriptor, bytes: Data)]
    private let ranges: [Digest: Range<Int64>]

    /// Takes an opened bundle.
    package init(_ bundle: BundleReader) throws {
        file = bundle.file
        documents = bundle.graph.documents
        ranges = try bundle.blobRanges()
        let entries = Dictionary(
            bundle.graph.entries.map { ($0.descriptor.digest, $0) }, uniquingKeysWith: { first, _ in first })
        var repositories: [String: Repository] = [:]
        var fullNames: [String: Set<String>] = [:]
        for image in bundle.description.images {
            guard let entry = entries[image.digest] else { continue }
            for name in image.names {
                let reference = try ImageReference(parsing: name)
                fullNames[reference.repository, default: []].insert(reference.name)
                var repository = repositories[reference.name] ?? Repository()
                if let tag = reference.tag { repository.tags[tag] = image.digest }
                Self.add(entry, to: &repository, documents)
                repositories[reference.name] = repository
            }
        }
        self.repositories = repositories
        self.fullNames = fullNames.mapValues { $0.sorted() }
        names = repositories.keys.sorted()
    }

    /// The repository that a client means by `name`: with the registry that it stands for (`ns`, as containerd sends it
    /// to mirrors), with the registry in front of the path, or without where only one registry has such a path.
    func repository(_ name: String, of registry: String?) -> Repository? {
        if let registry, let found = repositories["\(registry)/\(name)"] { return found }
        if let found = repositories[name] { return found }
        guard registry == nil, let full = fullNames[name], full.count == 1 else { return nil }
        return repositories[full[0]]
    }

    /// A manifest or index.
    func document(_ digest: Digest) -> Body? {
        documents[digest].map { Body(mediaType: $0.descriptor.mediaType, bytes: $0.bytes) }
    }

    /// Where a blob stands in the content of ``file``.
    func range(of digest: Digest) -> Range<Int64>? { ranges[digest] }

    private static func add(
        _ entry: ImageGraph.Entry, to repository: inout Repository,
        _ documents: [Digest: (descriptor: Descriptor, bytes: Data)]
    ) {
        for digest in [entry.descriptor.digest] + entry.images.map(\.manifest.descriptor.digest)
        where repository.manifests.insert(digest).inserted {
            guard let document = documents[digest], let referrer = Referrer(document.bytes) else { continue }
            var descriptor = document.descriptor.bare
            descriptor.artifactType = referrer.artifactType ?? referrer.config?.mediaType
            descriptor.annotations = referrer.annotations
            if let subject = referrer.subject { repository.referrers[subject.digest, default: []].append(descriptor) }
        }
        for image in entry.images {
            for blob in image.manifest.value.layers + [image.config] { repository.blobs[blob.digest] = blob.size }
        }
    }

    /// What of a manifest says that it belongs to another one (image-spec 1.1 manifest.md, `subject`).
    private struct Referrer: Decodable {
        struct Subject: Decodable { var digest: Digest }
        struct Config: Decodable { var mediaType: String? }
        var subject: Subject?
        var artifactType: String?
        var config: Config?
        var annotations: [String: String]?

        /// `nil` for a manifest without subject.
        init?(_ bytes: Data) {
            // Whoever opened the bundle has read it as JSON; what has no proper subject refers to nothing.
            guard let read = try? JSONDecoder().decode(Referrer.self, from: bytes), read.subject != nil else {
                return nil
            }
            self = read
        }
    }
}
