internal import FoundationEssentials
package import Frames
package import ImageLayout
package import OCI
package import Signatures
package import SystemPackage
internal import Tarball

/// An archive that claims to be a bundle: its front, read and found sound.
///
/// Opening reads the file's tables and its first members, whatever the bundle's size; nothing is extracted. That the
/// rest is what the front says is ``BundleVerification``'s to prove.
package final class BundleReader: Sendable {
    package let path: FilePath
    package let file: FramedFile
    package let index: Document<ImageIndex>
    /// The manifest that describes the bundle, and the description itself.
    package let artifact: Document<Manifest>
    package let description: BundleDescription
    /// The artifact's files by title, each a safe relative path; what the description relies on is there.
    package let files: [String: Descriptor]
    package let graph: ImageGraph
    /// What is known of the bundle's signature.
    package let signature: SignatureStanding
    /// All members that the bundle must have, in the order that they must have, up to the appendix.
    package let contents: BundleContents
    /// What belongs to the bundle and is not in a delta's archive; empty in a bundle that has everything.
    package let leftOut: LeftOut
    /// The keys that the bundle was opened with.
    let keys: TrustedKeys

    /// Opens the archive at `path`, in one file or in parts on `media`; throws ``BundleError`` or ``FramesError`` where
    /// it is not a bundle.
    ///
    /// Where there are `keys`, it also throws where none of them signed the bundle, before anything is read but the
    /// file's tables, `oci-layout`, `index.json` and `index.json.sig`.
    package init(
        opening path: FilePath, on media: BundleMedia = BundleMedia(), trusting keys: TrustedKeys = .none
    ) throws {
        self.path = path
        self.keys = keys
        file = try FramedFile(media.open(path))
        let front = try ArchiveFront(file)
        let seal = try front.seal(keys)
        signature = seal.standing
        guard try front.bytes(of: LayoutNames.layoutFile, limit: 1024) == LayoutNames.layoutBytes else {
            throw BundleError.member(
                path: path, name: LayoutNames.layoutFile, reason: "is not that of an OCI image layout 1.0.0")
        }
        do {
            // The very bytes that were checked: a second look at the file might find others.
            let indexBytes = try seal.index ?? front.bytes(of: LayoutNames.indexFile, limit: ImageGraph.documentLimit)
            index = try Document(bytes: indexBytes, mediaType: .ociIndex)
            func load(_ descriptor: Descriptor) throws -> Data {
                let name = LayoutNames.blob(descriptor.digest)
                let bytes = try front.bytes(of: name, limit: ImageGraph.documentLimit)
                guard Int64(bytes.count) == descriptor.size,
                    Digest.of(bytes, algorithm: descriptor.digest.algorithm) == descriptor.digest
                else { throw BundleError.member(path: path, name: name, reason: "does not match its digest") }
                return bytes
            }
            let listing = try BundleIndex(reading: index.value)
            let read = try Self.artifact(listing.artifact, of: path, load: load)
            (artifact, description) = (read.manifest, read.description.value)
            files = try BundleTitles(of: artifact.value, for: description).layers
            var graph = ImageGraph(platforms: description.platforms)
            for descriptor in listing.images { try graph.add(descriptor, load: load) }
            try listing.check(against: description)
            try graph.add(read.manifest, as: listing.artifact)
            try graph.add(read.description, as: artifact.value.config)
            let texts = try graph.addFiles(of: artifact.value, load: load)
            try BundleReplacements(of: description, artifact.value, texts).check(against: graph)
            self.graph = graph
            leftOut = try LeftOut(description, files, graph: graph, texts: texts)
            contents = BundleContents(
                index: indexBytes, graph: graph, texts: texts, without: Set(leftOut.blobs.keys),
                signature: seal.signature)
        } catch let error as Malformed {
            throw BundleError.structure(path: path, reason: error.description)
        } catch let error as GraphError {
            throw BundleError.structure(path: path, reason: error.description)
        } catch let error as BundleIndex.Fault {
            throw BundleError.structure(path: path, reason: error.reason)
        }
    }

    /// Whether the archive is in parts.
    package var isParted: Bool { file.archive.isParted }

    /// The name of the archive, without its folder; of one in parts that of the whole.
    package var archiveName: String? {
        let given = path.lastComponent?.string
        guard isParted, let part = file.archive.parts.first?.path.lastComponent?.string else { return given }
        return PartsList.archive(ofPart: FilePath(part))?.string ?? given
    }

    private static func artifact(
        _ descriptor: Descriptor, of path: FilePath, load: (Descriptor) throws -> Data
    ) throws -> (manifest: Document<Manifest>, description: Document<BundleDescription>) {
        let manifest = try Document<Manifest>(bytes: load(descriptor), mediaType: descriptor.mediaType)
        guard manifest.value.artifactType == MediaType.bundle.rawValue, manifest.value.config.mediaType == .bundleConfig
        else { throw BundleIndex.Fault(reason: "the artifact manifest \(descriptor.digest) is not a bundle's") }
        let bytes = try load(manifest.value.config)
        let schema = try BundleDescription.schema(of: bytes)
        // Not a fault of the archive: a copy of it would be no better.
        guard schema <= BundleDescription.currentSchema else { throw BundleError.newer(path: path, schema: schema) }
        return (manifest, try Document<BundleDescription>(bytes: bytes, mediaType: .bundleConfig))
    }
}

extension ImageGraph {
    /// Adds the files of a bundle's artifact; returns its small texts, which stand at the front of the archive.
    mutating func addFiles(
        of manifest: Manifest, load: (Descriptor) throws -> Data
    ) throws -> [Digest: Data] {
        var texts: [Digest: Data] = [:]
        for layer in manifest.layers {
            guard layer.mediaType.isBundleText else {
                try addLayer(layer.bare)
                continue
            }
            try addText(layer.bare)
            if texts[layer.digest] == nil { texts[layer.digest] = try load(layer) }
        }
        return texts
    }
}

/// The first members of an archive, read one after the other as they are asked for.
private final class ArchiveFront {
    private let path: FilePath
    private let frames: FrameReader
    private let source: FrameSource
    private let tar: TarballReader
    private var members: [String: TarballMember] = [:]
    /// What was passed on the way to another member. Documents are asked for in any order, and to go back for each would
    /// decompress its frame once more.
    private var passed: [String: Data] = [:]
    private var passedBytes: Int64 = 0
    /// Documents and texts stand before everything else: behind this there is none, whatever the archive claims.
    private static let end = 4 * ImageGraph.documentsLimit
    private static let countLimit = 1 << 16
    /// libarchive is not to be asked again behind the end.
    private var isAtEnd = false

    init(_ file: FramedFile) throws {
        path = file.path
        frames = FrameReader(file)
        source = FrameSource(frames, of: file)
        do {
            tar = try TarballReader(source)
        } catch let error as TarballError {
            throw BundleError.structure(path: path, reason: error.description)
        }
    }

    /// A signature, what it was made over, and what is known of it.
    struct Seal {
        var index: Data?
        var signature: BundleSignature?
        var standing: SignatureStanding
    }

    /// The signature that stands right after `index.json`, checked where there are keys.
    func seal(_ keys: TrustedKeys) throws -> Seal {
        let names = [LayoutNames.layoutFile, LayoutNames.indexFile, BundleSignature.member]
        for name in names {
            guard try next()?.name == name else {
                guard keys.isEmpty else { throw BundleError.unsigned(path: path, tried: keys.keys) }
                return Seal(standing: .unsigned)
            }
        }
        let index = try bytes(of: LayoutNames.indexFile, limit: ImageGraph.documentLimit)
        let member = try bytes(of: BundleSignature.member, limit: BundleSignature.limit)
        guard let signature = BundleSignature(decoding: member) else {
            throw BundleError.member(
                path: path, name: BundleSignature.member, reason: "is not a signature in one line of base64")
        }
        guard !keys.isEmpty else { return Seal(index: index, signature: signature, standing: .unchecked) }
        guard let key = keys.first(thatMade: signature.bytes, over: index) else {
            throw BundleError.untrusted(path: path, tried: keys.keys)
        }
        return Seal(index: index, signature: signature, standing: .made(by: key))
    }

    private func next() throws -> TarballMember? {
        guard !isAtEnd, members.count < Self.countLimit else { return nil }
        guard let member = try tar.nextMember(of: path), member.headerOffset < Self.end else {
            isAtEnd = true
            return nil
        }
        guard members.updateValue(member, forKey: member.name) == nil else {
            throw BundleError.member(path: path, name: member.name, reason: "is there twice")
        }
        return member
    }

    func bytes(of name: String, limit: Int64) throws -> Data {
        while members[name] == nil, let member = try next() {
            if member.name != name { try keep(member) }
        }
        guard let member = members[name] else { throw BundleError.member(path: path, name: name, reason: "is missing") }
        guard member.size <= limit else {
            throw BundleError.member(
                path: path, name: name, reason: "has \(member.size) bytes; at most \(limit) are read")
        }
        if let bytes = passed.removeValue(forKey: name) {
            passedBytes -= member.size
            return bytes
        }
        return try content(of: member)
    }

    /// Keeps a member's bytes for when they are asked for, within what all documents together may have.
    private func keep(_ member: TarballMember) throws {
        guard member.size <= ImageGraph.documentLimit, passedBytes + member.size <= ImageGraph.documentsLimit else {
            return
        }
        passed[member.name] = try content(of: member)
        passedBytes += member.size
    }

    private func content(of member: TarballMember) throws -> Data {
        var bytes = Data(capacity: Int(member.size))
        try frames.read(member.dataOffset..<(member.dataOffset + member.size)) { bytes.append(contentsOf: $0) }
        return bytes
    }
}

/// The content of a framed file, or its end, as the source of a tar.
final class FrameSource: TarballSource {
    private let reader: FrameReader
    private let start: Int64
    private let size: Int64

    convenience init(_ file: FramedFile, from start: Int64 = 0) { self.init(FrameReader(file), of: file, from: start) }

    /// Reads through `reader`, so that neighbours of what that has read cost nothing.
    init(_ reader: FrameReader, of file: FramedFile, from start: Int64 = 0) {
        self.reader = reader
        self.start = start
        size = file.contentSize
    }

    func read(at position: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let (offset, isTooFar) = start.addingReportingOverflow(position)
        guard !isTooFar, offset < size else { return 0 }
        let end = min(offset + Int64(target.count), size)
        var rest = target
        try reader.read(offset..<end) { piece in
            rest.copyMemory(from: piece)
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[piece.count...])
        }
        return Int(end - offset)
    }
}

extension TarballReader {
    /// The next member, with libarchive's complaints put as the bundle's.
    func nextMember(of path: FilePath) throws -> TarballMember? {
        do {
            return try next()
        } catch let error as TarballError {
            switch error {
            case .refused(let member, let offset, let reason):
                throw BundleError.member(path: path, name: member, reason: "at byte \(offset) of the tar: \(reason)")
            case .library: throw BundleError.structure(path: path, reason: error.description)
            }
        }
    }
}
