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
    package struct Report: Hashable, Sendable, Codable {
        package var bundle: String
        package var members: Int
        package var images: Int
        package var names: Int
        /// The archive's length, and that of the tar inside.
        package var archiveBytes: Int64
        package var contentBytes: Int64
        /// The digest of `index.json`: everything hangs from it.
        package var index: Digest
        package var faults: [Fault]

        package var isSound: Bool { faults.isEmpty }
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
        let members = try list()
        let faults = try await check(Self.segments(members, bundle.contents), workers: workers, progress: progress)
        return Report(
            bundle: "\(bundle.description.name) \(bundle.description.version)", members: members.count,
            images: bundle.description.images.count, names: bundle.description.images.reduce(0) { $0 + $1.names.count },
            archiveBytes: bundle.file.size, contentBytes: bundle.file.contentSize,
            index: bundle.index.descriptor.digest, faults: faults)
    }

    /// The members, found to be exactly the bundle's, in order, without a gap between them.
    private func list() throws -> [TarballMember] {
        func fault(_ name: String, _ reason: String) -> BundleError {
            .member(path: bundle.path, name: name, reason: reason)
        }
        let expected = bundle.contents.members
        let positions = Dictionary(expected.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let tar = try TarballReader(FrameSource(bundle.file))
        var members: [TarballMember] = []
        var seen: Set<String> = []
        var end: Int64 = 0
        while let member = try tar.nextMember(of: bundle.path) {
            guard let position = positions[member.name] else {
                throw fault(member.name, "does not belong to the bundle: nothing in index.json leads to it")
            }
            guard seen.insert(member.name).inserted else { throw fault(member.name, "is there twice") }
            guard position == members.count else {
                throw fault(member.name, "is out of place: '\(expected[members.count].name)' should stand there")
            }
            guard member.size == expected[position].size else {
                throw fault(member.name, "has \(member.size) bytes, not \(expected[position].size)")
            }
            guard member.headerOffset == end else {
                throw fault(member.name, "does not start where the member before it ends")
            }
            end = member.end
            members.append(member)
        }
        guard members.count == expected.count else { throw fault(expected[members.count].name, "is missing") }
        guard bundle.file.contentSize == end + Int64(TarHeader.trailerSize) else {
            throw BundleError.structure(
                path: bundle.path,
                reason: "the tar goes on for \(bundle.file.contentSize - end) bytes after its last member")
        }
        return members
    }

    /// The small members at the front as one segment, every other member as its own, largest first.
    private static func segments(_ members: [TarballMember], _ contents: BundleContents) -> [Segment] {
        let front = contents.members.prefix { if case .document = $0.content { true } else { false } }.count
        let payload = members.indices[front...].map { Segment(members: members[$0...$0]) }
        return ([Segment(members: members[..<front])] + payload).sorted { $0.size > $1.size }
    }

    private func check(
        _ segments: [Segment], workers: Int, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> [Fault] {
        let turns = Turns()
        let faults = try await withThrowingTaskGroup(of: [Fault].self) { group in
            for _ in 0..<max(1, min(workers, segments.count)) {
                group.addTask { @concurrent in
                    let checker = MemberChecker(bundle.file, digests: digests, index: bundle.index.descriptor.digest)
                    var faults: [Fault] = []
                    while true {
                        let turn = turns.take()
                        guard turn < segments.count else { return faults }
                        for member in segments[turn].members {
                            try Task.checkCancellation()
                            if let reason = try checker.fault(in: member, progress: progress) {
                                faults.append(
                                    Fault(member: member.name, reason: reason, images: images(using: member.name)))
                            }
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var all = faults.sorted { $0.member < $1.member }
        let checker = MemberChecker(bundle.file, digests: digests, index: bundle.index.descriptor.digest)
        if let reason = try checker.trailerFault() {
            all.append(Fault(member: "the end of the tar", reason: reason, images: []))
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
    func fault(in member: TarballMember, progress: (Int64) -> Void) throws -> String? {
        do {
            var header: [UInt8] = []
            try reader.read(member.headerOffset..<member.dataOffset) { header += $0 }
            guard try header == TarHeader.encode(name: member.name, size: member.size) else {
                return "has a tar header that is not what was written"
            }
            if let expected = expectedDigest(of: member.name) {
                var hasher = DigestHasher(expected.algorithm)
                try reader.read(member.dataOffset..<(member.dataOffset + member.size)) { piece in
                    hasher.update(piece)
                    progress(Int64(piece.count))
                }
                let found = hasher.digest()
                guard found == expected else { return "does not match its digest: its content is \(found)" }
            }
            return try zerosFault((member.dataOffset + member.size)..<member.end, "its padding")
        } catch let error as FramesError {
            guard case .damaged = error else { throw error }
            return "can't be read: \(error)"
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
        // `oci-layout` was compared byte by byte when the bundle was opened.
        name == LayoutNames.indexFile ? index : digests[name]
    }
}
