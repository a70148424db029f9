internal import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
package import OCI

/// A whole bundle as one artifact of a registry: an image manifest whose layers are the members of the archive, in the
/// archive's order, each by its own digest.
///
/// Manifests and indexes of images are plain blobs in it: no registry looks for what they refer to, and each takes it.
/// The members determine the archive, and the config says which bytes must come out.
package struct ArchiveArtifact: Sendable {
    package static let artifactType = "application/vnd.sealift.bundle.archive.v1"
    static let configType = MediaType(rawValue: "application/vnd.sealift.bundle.archive.config.v1+json")
    /// What a member is says its name; registries and their scanners are to leave it alone.
    static let memberType = MediaType(rawValue: "application/octet-stream")
    static let versionKey = "org.opencontainers.image.version"
    static let digestKey = "vnd.sealift.archive.digest"
    static let sizeKey = "vnd.sealift.archive.size"
    /// What registries take; beyond it a push would fail at its very end.
    static let manifestLimit = 4 << 20

    /// The config: what the members don't say.
    struct Config: Hashable, Sendable, Codable {
        static let currentSchema = 1

        var schemaVersion = currentSchema
        /// The archive's file name.
        var name: String
        /// The digest and length of the archive.
        var digest: Digest
        var size: Int64
        /// How many members at the front share frames, and how many stand behind the blobs.
        var documents: Int
        var appendix: Int
        /// The libzstd that made the frames, as a number: another one may make others of the same content.
        var zstd: Int
    }

    let config: Config
    let configBytes: Data
    let members: [Descriptor]
    /// The manifest as it is pushed, or was pulled.
    package let manifest: Descriptor
    let manifestBytes: Data

    /// The archive's file name.
    package var name: String { config.name }
    /// The archive's digest and length.
    package var archive: (digest: Digest, size: Int64) { (config.digest, config.size) }

    /// Describes an archive that is there; `name` is its file's.
    init(
        of contents: BundleContents, _ appendix: BundleAppendix?, name: String, version: String, digest: Digest,
        size: Int64
    ) throws {
        let documents = contents.members.prefix { if case .document = $0.content { true } else { false } }
        let behind = appendix?.members ?? []
        config = Config(
            name: name, digest: digest, size: size, documents: documents.count, appendix: behind.count,
            zstd: ZstdEncoder.libraryVersion)
        configBytes = try encodeJSON(config)
        members = (contents.members + behind).map { member in
            var digest: Digest
            switch member.content {
            case .document(let bytes): digest = .of(bytes)
            case .blob(let descriptor): digest = descriptor.digest
            }
            // A document of another algorithm keeps the digest that its name has.
            if let named = Self.digest(inName: member.name) { digest = named }
            return Descriptor(
                mediaType: Self.memberType, digest: digest, size: member.size,
                annotations: [Annotation.title: member.name])
        }
        let configDescriptor = Descriptor(
            mediaType: Self.configType, digest: .of(configBytes), size: Int64(configBytes.count))
        let document = try Document(
            encoding: Manifest(
                mediaType: .ociManifest, artifactType: Self.artifactType, config: configDescriptor, layers: members,
                annotations: [
                    Annotation.title: name, Self.versionKey: version, Self.digestKey: "\(digest)",
                    Self.sizeKey: "\(size)",
                ]), mediaType: .ociManifest)
        guard document.bytes.count <= Self.manifestLimit else {
            throw DistributionError.tooManyMembers(members.count)
        }
        manifest = document.descriptor
        manifestBytes = document.bytes
    }

    /// Reads what a registry has; `reference` is for errors.
    init(reading document: Document<Manifest>, config bytes: Data, from reference: ImageReference) throws {
        func fault(_ reason: String) -> DistributionError { .notABundle(reference, reason: reason) }
        config = try decodeJSON(bytes, as: "bundle artifact's config")
        configBytes = bytes
        members = document.value.layers
        manifest = document.descriptor
        manifestBytes = document.bytes
        guard config.schemaVersion == Config.currentSchema else {
            throw fault("it is of schema \(config.schemaVersion), which this version does not know")
        }
        let name = config.name
        guard !name.isEmpty, name.utf8.count <= 255, !name.utf8.contains(UInt8(ascii: "/")), name.printable() == name,
            !name.hasPrefix(".")
        else { throw fault("'\(name.printable(limit: 100))' is no name for a file") }
        guard config.documents >= 2, (0...2).contains(config.appendix),
            config.documents <= members.count, config.documents + config.appendix <= members.count
        else { throw fault("it has \(members.count) members, of which its config says what can't be") }
        guard document.value.annotations?[Self.digestKey] == "\(config.digest)" else {
            throw fault("its annotations and its config name two archives")
        }
        var seen: Set<String> = []
        for member in members {
            guard let name = member.annotations?[Annotation.title], seen.insert(name).inserted else {
                throw fault("the member \(member.digest) has no name, or one that is there twice")
            }
            if let digest = Self.digest(inName: name), digest != member.digest {
                throw fault("the member '\(name)' has another digest than its name says")
            }
        }
    }

    /// The config's type decides what an artifact is, in registries that know no `artifactType`.
    static func isOne(_ manifest: Manifest) -> Bool { manifest.config.mediaType == configType }

    /// The member that is the config, as a descriptor.
    var configDescriptor: Descriptor {
        Descriptor(mediaType: Self.configType, digest: .of(configBytes), size: Int64(configBytes.count))
    }

    /// The digest that a member `blobs/ALGORITHM/HEX` has in its name.
    private static func digest(inName name: String) -> Digest? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "blobs" else { return nil }
        return try? Digest(parsing: "\(parts[1]):\(parts[2])")  // another name, then: index.json and its like
    }
}
