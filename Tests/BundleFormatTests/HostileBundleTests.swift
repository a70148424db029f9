import BundleFormat
import FoundationEssentials
import ImageLayout
import OCI
import SystemPackage
import Tarball
import TestSupport
import Testing

/// Archives whose frames and checksums are sound, made by somebody who means harm.
@Suite struct HostileBundleTests {
    typealias Members = [SampleBundle.Member]

    struct Attack: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var complaint: String
        var change: @Sendable (inout Members) throws -> Void

        init(_ name: String, _ complaint: String, _ change: @escaping @Sendable (inout Members) throws -> Void) {
            testDescription = name
            self.complaint = complaint
            self.change = change
        }
    }

    private static func link(_ type: Character, _ name: String) throws -> SampleBundle.Member {
        var member = try SampleBundle.Member(name, Data())
        member.header[156] = type.asciiValue ?? 0
        member.header.replaceSubrange(157..<168, with: "/etc/passwd".utf8)
        member.header = checksummed(member.header)
        return member
    }

    private static func checksummed(_ block: [UInt8]) -> [UInt8] {
        var block = block
        let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        let octal = String(sum, radix: 8)
        let digits = String(repeating: "0", count: 6 - octal.count) + octal
        block.replaceSubrange(148..<156, with: Array(digits.utf8) + [0, 0x20])
        return block
    }

    private static let extra = "blobs/sha256/" + String(repeating: "0", count: 64)

    static let attacks: [Attack] = [
        Attack("two blobs' contents swapped", "does not match its digest") { members in
            let last = members.count - 1
            let (first, second) = (members[last], members[last - 1])
            let bytes = second.bytes
            members[last].bytes = Data(bytes.prefix(first.bytes.count))
            members[last].bytes += Data(count: first.bytes.count - members[last].bytes.count)
        },
        Attack("two blobs' places swapped", "is out of place") { $0.swapAt($0.count - 1, $0.count - 2) },
        Attack("two documents' places swapped", "is out of place") { $0.swapAt(2, 3) },
        Attack("an extra member", "does not belong to the bundle") { $0.append(try .init(extra, Data("x".utf8))) },
        Attack("an extra member in front", "does not belong") { $0.insert(try .init("a", Data()), at: 0) },
        Attack("a member twice", "is there twice") { $0.append($0[$0.count - 1]) },
        Attack("index.json twice", "is there twice") { $0.append($0[1]) },
        Attack("the last member missing", "is missing") { $0.removeLast() },
        Attack("a document missing", "is missing") { $0.remove(at: 3) },
        Attack("no index.json", "'index.json' is missing") { $0.remove(at: 1) },
        Attack("nothing at all", "'oci-layout' is missing") { $0 = [] },
        Attack("another layout version", "member 'oci-layout'") {
            $0[0] = try .init("oci-layout", Data(#"{"imageLayoutVersion":"2.0.0"}"#.utf8))
        },
        Attack("a name outside", "'../x'") { $0.append(try .init("../x", Data("x".utf8))) },
        Attack("an absolute name", "'/tmp/x'") { $0.append(try .init("/tmp/x", Data("x".utf8))) },
        Attack("a symbolic link", "symbolic link") { $0.append(try link("2", "x")) },
        Attack("a hard link", "hard link") { $0.append(try link("1", "x")) },
        Attack("a device", "not a regular file") { $0.append(try link("3", "x")) },
        Attack("a fifo", "not a regular file") { $0.append(try link("6", "x")) },
        Attack("a folder", "not a regular file") { $0.append(try link("5", "x")) },
        Attack("a wrong size", "bytes, not") { members in
            let last = members.count - 1
            members[last] = try .init(members[last].name, members[last].bytes + Data("x".utf8))
        },
        Attack("padding that is not zero", "its padding is not all zeros") { members in
            let place = members.lastIndex { !$0.padding.isEmpty } ?? 0
            members[place].padding[0] = 1
        },
        Attack("a pax header with another name", "") { members in
            let last = members.count - 1
            let record = Array("17 path=../../x1\n".utf8)
            var pax = try SampleBundle.Member("PaxHeader", Data(record))
            pax.header[156] = UInt8(ascii: "x")
            pax.header = checksummed(pax.header)
            members.insert(pax, at: last)
        },
        Attack("a mode that was not written", "tar header that is not what was written") { members in
            let last = members.count - 1
            members[last].header[104] = UInt8(ascii: "7")
            members[last].header = checksummed(members[last].header)
        },
    ]

    @Test(arguments: attacks) func isRefused(_ attack: Attack) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("inner/x")
        try write([], to: path)
        var members = try SampleBundle().members()
        try attack.change(&members)
        try SampleBundle.reframe(members, to: path)
        let complaint = await complaint(about: path)
        #expect(!complaint.isEmpty)
        #expect(complaint.contains(attack.complaint), "\(complaint)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.string) == ["inner"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("inner").string) == ["x"])
    }

    @Test func aPlainReframingIsAccepted() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try SampleBundle.reframe(SampleBundle().members(), to: path)
        #expect(await complaint(about: path) == "")
    }

    @Test(arguments: [1, 512, 10_000]) func refusesDataAfterTheEnd(_ count: Int) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        for byte: UInt8 in [0, 1] {
            try SampleBundle.reframe(
                SampleBundle().members(), tail: [UInt8](repeating: byte, count: count), to: path)
            #expect(await complaint(about: path).contains("bytes after its last member"))
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var complaint: String
        var change: @Sendable (inout ImageIndex) -> Void

        init(_ name: String, _ complaint: String, _ change: @escaping @Sendable (inout ImageIndex) -> Void) {
            testDescription = name
            self.complaint = complaint
            self.change = change
        }
    }

    static let lies: [Lie] = [
        Lie("two artifacts", "is not the bundle's one artifact") { $0.manifests.append($0.manifests[0]) },
        Lie("no artifact", "without a bundle's artifact") { $0.manifests.removeFirst() },
        Lie("an image without a name", "has no name") { $0.manifests[1].annotations = nil },
        Lie("a name listed twice", "is listed twice") { $0.manifests.append($0.manifests[1]) },
        Lie("annotations that differ", "the two name annotations") {
            $0.manifests[1].annotations?[Annotation.referenceName] = "other"
        },
        Lie("only one annotation", "the two name annotations") {
            $0.manifests[1].annotations?[Annotation.containerdName] = nil
        },
        Lie("a name that nobody asks for", "not a name that the container runtime asks for") {
            $0.manifests[1].annotations = [Annotation.referenceName: "app:9", Annotation.containerdName: "app:9"]
        },
        Lie("a name that the description hasn't", "the description does not") {
            let name = "docker.io/library/other:1"
            $0.manifests[1].annotations = [Annotation.referenceName: name, Annotation.containerdName: name]
        },
        Lie("a name missing", "is missing from index.json") { $0.manifests.remove(at: 1) },
        Lie("one digest with two sizes", "is not a sound bundle") { $0.manifests[2].size += 1 },
        Lie("one digest with two media types", "is not a sound bundle") { $0.manifests[2].mediaType = .ociLayer },
        Lie("an index of schema 3", "schemaVersion must be 2") { $0.schemaVersion = 3 },
    ]

    @Test(arguments: lies) func refusesAnIndexThatLies(_ lie: Lie) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try SampleBundle { $0.editIndex = lie.change }.write(to: path)
        let complaint = await complaint(about: path)
        #expect(complaint.contains(lie.complaint), "\(complaint)")
        #expect(complaint.contains(path.string))
    }

    @Test(arguments: [
        (#""schemaVersion":1"#, #""schemaVersion":2"#, "this Sealift reads schema 1"),
        (#""reference":"#, #""other":"#, "reference is missing"), ("app:1.0", "app:1.1", "index.json"),
    ])
    func refusesADescriptionThatLies(_ old: String, _ new: String, _ expected: String) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try SampleBundle { $0.editDescription = { $0.replacing(old, with: new) } }.write(to: path)
        let complaint = await complaint(about: path)
        #expect(complaint.contains(expected), "\(complaint)")
    }
}
