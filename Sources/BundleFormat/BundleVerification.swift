internal import FoundationEssentials
internal import Frames
internal import ImageLayout
package import OCI
internal import Synchronization
internal import Tarball

/// The proof that an archive is exactly what its `index.json` says: every member there once, in its place, and every
/// byte of the file accounted for.
package struct BundleVerification: Sendable {
    /// Something that is wrong, and where.
    package struct Fault: Hashable, Sendable, Codable {
        package var member: String
        package var reason: String
        /// The names of the images that can't be used because of it.
        package var images: [String]
    }

    /// What was checked, and what was found.
    package struct Report: Hashable, Sendable, Encodable {
        package var bundle: String
        package var members: Int
        package var images: Int
        package var names: Int
        /// The archive's length, and that of the tar inside.
        package var archiveBytes: Int64
        package var contentBytes: Int64
        /// The digest of `index.json`: everything hangs from it.
        package var index: Digest
        /// What is known of the signature over it.
        package var signature: SignatureStanding
        /// What a delta builds upon, and the blobs that nobody looked at, since they are there and not here.
        package var base: String?
        package var leftOut: Int
        package var leftOutBytes: Int64
        package var faults: [Fault]

        package var isSound: Bool { faults.isEmpty }
    }

    /// A fault, and whether another layout of the tar may be the reason.
    private struct Finding: Sendable {
        var fault: Fault
        var isLayout: Bool
    }

    /// A stretch of members that one thread checks.
    private struct Segment: Sendable {
        var members: ArraySlice<TarballMember>
        var size: Int64 { (members.last?.end ?? 0) - (members.first?.headerOffset ?? 0) }
    }

    private let bundle: BundleReader
    private let digests: [String: Digest]

    package init(of bundle: BundleReader) throws {
        self.bundle = bundle
        let known = Array(bundle.graph.documents.keys) + Array(bundle.graph.layers.keys)
        digests = Dictionary(known.map { (LayoutNames.blob($0), $0) }) { first, _ in first }
    }

    /// Checks everything, on `workers` threads.
    ///
    /// Throws where the archive can't be read at all or its members are not the bundle's; what is damaged inside its
    /// members is in the report. `progress` is told the bytes checked since the last call, from any thread.
    package func run(workers: Int, progress: @escaping @Sendable (Int64) -> Void) async throws -> Report {
        // Names, sizes and order leave nothing open, so the archive is compared, not parsed.
        let (appendix, damage) = try appendix()
        let members = try bundle.contents.layout() + appendix
        let end = (members.last?.end ?? 0) + Int64(TarHeader.trailerSize)
        guard damage != nil || bundle.file.contentSize == end else {
            try explainLayout()
            let over = bundle.file.contentSize - end
            throw BundleError.structure(
                path: bundle.path,
                reason: over > 0
                    ? "the tar goes on for \(over) bytes after its last member"
                    : "the tar ends \(-over) bytes too early")
        }
        var findings = try await check(
            Self.segments(members, bundle.contents), workers: workers, progress: progress)
        if let damage { findings.append(Finding(fault: damage, isLayout: false)) }
        if findings.contains(where: \.isLayout) { try explainLayout() }
        let faults = findings.map(\.fault)
        return Report(
            bundle: "\(bundle.description.name) \(bundle.description.version)", members: members.count,
            images: bundle.description.images.count, names: bundle.description.images.reduce(0) { $0 + $1.names.count },
            archiveBytes: bundle.file.size, contentBytes: bundle.file.contentSize,
            index: bundle.index.descriptor.digest, signature: bundle.signature, base: bundle.description.base?.label,
            leftOut: bundle.leftOut.blobs.count, leftOutBytes: bundle.leftOut.bytes, faults: faults)
    }

    /// The places of the appendix's members, whose content is found sound, or what is damaged there.
    private func appendix() throws -> (places: [TarballMember], damage: Fault?) {
        do {
            let places = try bundle.appendixPlaces()
            _ = try bundle.appendix()
            return (places, nil)
        } catch let error as BundleError {
            try explainLayout()
            throw error
        } catch let error as FramesError {
            guard case .damaged = error else { throw error }
            return ([], Fault(member: BundleAppendix.billMember, reason: "it can't be read: \(error)", images: []))
        }
    }

    /// Reads the tar as any tar reader would, to name what is there instead of what should be; throws if it finds it.
    private func explainLayout() throws {
        func fault(_ name: String, _ reason: String) -> BundleError {
            .member(path: bundle.path, name: name, reason: reason)
        }
        // What an appendix's members have to measure, only they themselves say.
        let expected: [(name: String, size: Int64?)] =
            bundle.contents.members.map { ($0.name, $0.size) } + bundle.appendixNames.map { ($0, nil) }
        let positions = Dictionary(expected.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var seen: Set<String> = []
        do {
            let tar = try TarballReader(FrameSource(bundle.file))
            while let member = try tar.nextMember(of: bundle.path) {
                guard let position = positions[member.name] else {
                    throw fault(member.name, "does not belong to the bundle: nothing in index.json leads to it")
                }
                guard seen.insert(member.name).inserted else { throw fault(member.name, "is there twice") }
                guard position == seen.count - 1 else {
                    throw fault(
                        member.name, "is out of place: '\(expected[seen.count - 1].name)' should stand there")
                }
                if let size = expected[position].size, member.size != size {
                    throw fault(member.name, "has \(member.size) bytes, not \(size)")
                }
            }
            guard seen.count == expected.count else { throw fault(expected[seen.count].name, "is missing") }
        } catch let error as FramesError {
            // What is damaged is in the findings, by member; here it only ends the reading.
            guard case .damaged = error else { throw error }
        }
    }

    /// The small members at the front as one segment, every other member as its own, largest first.
    private static func segments(_ members: [TarballMember], _ contents: BundleContents) -> [Segment] {
        let front = contents.members.prefix { if case .document = $0.content { true } else { false } }.count
        let payload = members.indices[front...].map { Segment(members: members[$0...$0]) }
        return ([Segment(members: members[..<front])] + payload).sorted { $0.size > $1.size }
    }

    private func check(
        _ segments: [Segment], workers: Int, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> [Finding] {
        let turns = Turns()
        let found = try await withThrowingTaskGroup(of: [Finding].self) { group in
            for _ in 0..<max(1, min(workers, segments.count)) {
                group.addTask { @concurrent in
                    let checker = MemberChecker(bundle.file, digests: digests, index: bundle.index.descriptor.digest)
                    var findings: [Finding] = []
                    while true {
                        let turn = turns.take()
                        guard turn < segments.count else { return findings }
                        for member in segments[turn].members {
                            try Task.checkCancellation()
                            guard let found = try checker.fault(in: member, progress: progress) else { continue }
                            findings.append(
                                Finding(
                                    fault: Fault(
                                        member: member.name, reason: found.reason, images: images(using: member.name)),
                                    isLayout: found.isLayout))
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var all = found.sorted { $0.fault.member < $1.fault.member }
        let checker = MemberChecker(bundle.file, digests: digests, index: bundle.index.descriptor.digest)
        if let reason = try checker.trailerFault() {
            let fault = Fault(member: "the end of the tar", reason: reason, images: [])
            all.append(Finding(fault: fault, isLayout: true))
        }
        return all
    }

    private func images(using member: String) -> [String] {
        guard let digest = digests[member] else { return [] }
        let using = bundle.graph.entries.filter { entry in
            entry.descriptor.digest == digest
                || entry.images.contains { image in
                    image.manifest.descriptor.digest == digest || image.config.digest == digest
                        || image.manifest.value.layers.contains { $0.digest == digest }
                }
        }
        let found = Set(using.map(\.descriptor.digest))
        return bundle.description.images.filter { found.contains($0.digest) }.map(\.reference).sorted()
    }
}

/// Deals out positions of a list to several threads.
private final class Turns: Sendable {
    private let next = Atomic(0)

    func take() -> Int { next.add(1, ordering: .relaxed).oldValue }
}

/// Checks members one by one, on one thread.
private struct MemberChecker {
    private let reader: FrameReader
    private let end: Int64
    private let digests: [String: Digest]
    private let index: Digest

    init(_ file: FramedFile, digests: [String: Digest], index: Digest) {
        reader = FrameReader(file)
        end = file.contentSize
        self.digests = digests
        self.index = index
    }

    /// What is wrong with `member`: its header, its data or its padding; `nil` if nothing.
    func fault(
        in member: TarballMember, progress: (Int64) -> Void
    ) throws -> (reason: String, isLayout: Bool)? {
        do {
            var header: [UInt8] = []
            try reader.read(member.headerOffset..<member.dataOffset) { header += $0 }
            guard try header == TarHeader.encode(name: member.name, size: member.size) else {
                return ("it has a tar header that is not what was written", true)
            }
            if let expected = expectedDigest(of: member.name) {
                var hasher = DigestHasher(expected.algorithm)
                try reader.read(member.dataOffset..<(member.dataOffset + member.size)) { piece in
                    hasher.update(piece)
                    progress(Int64(piece.count))
                }
                let found = hasher.digest()
                guard found == expected else { return ("it does not match its digest: its content is \(found)", false) }
            }
            return try zerosFault((member.dataOffset + member.size)..<member.end, "its padding").map { ($0, true) }
        } catch let error as FramesError {
            guard case .damaged = error else { throw error }
            return ("it can't be read: \(error)", false)
        }
    }

    func trailerFault() throws -> String? {
        do {
            return try zerosFault((end - Int64(TarHeader.trailerSize))..<end, "the end mark")
        } catch let error as FramesError {
            guard case .damaged = error else { throw error }
            return "can't be read: \(error)"
        }
    }

    private func zerosFault(_ range: Range<Int64>, _ what: String) throws -> String? {
        var isZero = true
        try reader.read(range) { piece in isZero = isZero && piece.allSatisfy { $0 == 0 } }
        return isZero ? nil : "\(what) is not all zeros"
    }

    private func expectedDigest(of name: String) -> Digest? {
        // `oci-layout` and the signature were compared byte by byte when the bundle was opened.
        name == LayoutNames.indexFile ? index : digests[name]
    }
}
