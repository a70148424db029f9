import BundleFormat
import FoundationEssentials
import Frames
import HostileBundles
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

/// Bundles in parts, read where they lie.
@Suite struct PartsTests {
    /// A bundle in parts of `limit` bytes, and the same in one file.
    private struct Split: ~Copyable {
        let folder = TemporaryDirectory()
        let list: PartsList

        init(_ limit: Int64 = 100_000) throws {
            let sample = try SampleBundle()
            try sample.write(to: folder.file("whole/b.tar.zst"), makingFolders: true)
            try write([], to: folder.file("parts/unrelated"))
            list = try PartsWriter.write(folder.file("parts/b.tar.zst"), limit: limit) { try sample.write(to: $0) }
        }

        var whole: FilePath { folder.file("whole/b.tar.zst") }
        func part(_ number: Int) -> FilePath { folder.file("parts").appending(list.parts[number - 1].name) }
        var listPath: FilePath { folder.file("parts/b.tar.zst.parts.json") }
        var names: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: folder.file("parts").string).sorted() }
        }

        func move(_ number: Int, to place: String) throws {
            try FileManager.default.createDirectory(
                atPath: folder.file(place).string, withIntermediateDirectories: true)
            try FileManager.default.moveItem(
                atPath: part(number).string, toPath: folder.file(place).appending(list.parts[number - 1].name).string)
        }
    }

    private static func error(_ path: FilePath, on media: BundleMedia = BundleMedia()) -> String {
        do {
            _ = try BundleReader(opening: path, on: media)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [1 << 40, 100_000, 3000]) func areTheBytesOfTheWhole(_ limit: Int64) async throws {
        let split = try Split(limit)
        let whole = try contents(of: split.whole)
        let names = split.list.parts.map(\.name)
        #expect(try names.indices.flatMap { try contents(of: split.part($0 + 1)) } == whole)
        #expect(names.first == "b.tar.zst.001")
        #expect(try split.names == names + ["b.tar.zst.parts.json", "b.tar.zst.parts.sha256", "unrelated"])
        #expect(split.list.digest == .of(Data(whole)))
        #expect(try PartsList(contentsOf: split.listPath) == split.list)
        for path in [split.listPath, split.part(1), split.part(names.count), split.folder.file("parts/b.tar.zst")] {
            let bundle = try BundleReader(opening: path)
            #expect(bundle.isParted && bundle.path == path && bundle.file.size == Int64(whole.count))
            #expect(try await BundleVerification(of: bundle).run(workers: 2) { _ in }.isSound)
        }
        #expect(try !BundleReader(opening: split.whole).isParted)
    }

    @Test func lieInSeveralFolders() async throws {
        let split = try Split()
        #expect(split.list.parts.count > 3)
        try split.move(2, to: "a")
        try split.move(3, to: "b")
        let media = BundleMedia([split.folder.file("none"), split.folder.file("a"), split.folder.file("b")])
        let bundle = try BundleReader(opening: split.part(1), on: media)
        #expect(try await BundleVerification(of: bundle).run(workers: 2) { _ in }.isSound)
        #expect(bundle.file.archive.parts[1].path == split.folder.file("a/b.tar.zst.002"))
        // A part with the list elsewhere.
        let other = BundleMedia([split.folder.file("parts"), split.folder.file("b")])
        #expect(Self.error(split.folder.file("a/b.tar.zst.002"), on: other).isEmpty)
        let lost = Self.error(split.folder.file("a/b.tar.zst.002"))
        #expect(lost.contains("b.tar.zst.parts.json is not there; looked in \(split.folder.file("a"))"), "\(lost)")
    }

    @Test func whatIsMissingIsNamedAtOnce() throws {
        let split = try Split()
        let (a, here) = (split.folder.file("a"), split.folder.file("parts"))
        try split.move(3, to: "elsewhere")
        try write([1, 2, 3], to: split.part(2))
        try FileManager.default.createDirectory(
            atPath: a.appending("b.tar.zst.003").string, withIntermediateDirectories: true)
        let count = split.list.parts.count
        #expect(
            Self.error(split.part(1), on: BundleMedia([a]))
                == "2 of \(count) parts of b.tar.zst are not at hand: \(split.part(2)) has 3 bytes, not 100000; "
                + "\(a)/b.tar.zst.003 is no file; looked in \(here), \(a)")
        // A part that is too long in one place may be right in the next.
        try FileManager.default.createDirectory(
            atPath: split.folder.file("c").string, withIntermediateDirectories: true)
        let rest = try contents(of: split.whole)[100_000..<200_000]
        try write(rest, to: split.folder.file("c/b.tar.zst.002"))
        try write(rest + [0], to: split.part(2))
        let found = BundleMedia([split.folder.file("c"), split.folder.file("elsewhere")])
        #expect(Self.error(split.part(1), on: found).isEmpty)
        #expect(Self.error(split.folder.file("parts/b.tar.zst.999")).contains("it does not have 'b.tar.zst.999'"))
    }

    @Test func somebodyIsAskedUntilAllIsThere() throws {
        let split = try Split()
        try split.move(2, to: "a")
        try split.move(3, to: "b")
        let (a, b) = (split.folder.file("a"), split.folder.file("b"))
        let asked = Lock<[String]>([])
        let media = BundleMedia(prompt: { error in
            let count = asked.withLock { asked in
                asked.append("\(error)")
                return asked.count
            }
            return count == 1 ? nil : count == 2 ? a : b
        })
        #expect(Self.error(split.listPath, on: media).isEmpty)
        let words = asked.withLock { $0 }
        #expect(words.count == 3)
        #expect(words[1].contains("002 is missing; b.tar.zst.003 is missing"))
        #expect(words[2].contains(": b.tar.zst.003 is missing; looked in"))
        let giving = BundleMedia(prompt: { throw $0 })
        #expect(Self.error(split.listPath, on: giving).contains("2 of"))
    }

    @Test func damageIsSaidOfThePart() async throws {
        let split = try Split()
        var bytes = try contents(of: split.part(3))
        bytes[50_000] ^= 1
        try write(bytes, to: split.part(3))
        let bundle = try BundleReader(opening: split.part(1))
        let faults = try await BundleVerification(of: bundle).run(workers: 1) { _ in }.faults
        #expect(faults.count == 1)
        #expect(faults.first?.reason.contains(split.part(3).string) == true, "\(faults)")
    }

    @Test func swappedPartsAreNoBundle() async throws {
        let split = try Split()
        let (second, third) = (try contents(of: split.part(2)), try contents(of: split.part(3)))
        try write(third, to: split.part(2))
        try write(second, to: split.part(3))
        #expect(await !complaint(about: split.part(1)).isEmpty)
        // The last of another bundle, as long as the right one.
        try write(second, to: split.part(2))
        try write(third, to: split.part(3))
        #expect(await complaint(about: split.part(1)).isEmpty)
        let last = split.list.parts.count
        try write(seededBytes(Int(split.list.parts[last - 1].size), seed: 3), to: split.part(last))
        #expect(await complaint(about: split.part(1)).contains("no seek table at its end"))
    }

    @Test func fewerPartsReplaceMore() throws {
        let split = try Split(50_000)
        let list = try PartsWriter.write(split.folder.file("parts/b.tar.zst"), limit: 200_000) {
            try SampleBundle().write(to: $0)
        }
        #expect(list.parts.count < split.list.parts.count)
        #expect(
            try split.names
                == list.parts.map(\.name) + ["b.tar.zst.parts.json", "b.tar.zst.parts.sha256", "unrelated"])
        try PartsWriter.remove(split.folder.file("parts/b.tar.zst"))
        #expect(try split.names == ["unrelated"])
    }

    @Test func aFailedWriterLeavesNothing() throws {
        struct Fault: Error {}
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        #expect(throws: Fault.self) {
            try PartsWriter.write(path, limit: 1000) { target in
                _ = try SampleBundle().write(to: target)
                throw Fault()
            }
        }
        // Ends at 999 parts, with the reason and not with what the writer made of it.
        let error = #expect(throws: BundleError.self) {
            try PartsWriter.write(path, limit: 100) { try SampleBundle().write(to: $0) }
        }
        guard case .tooManyParts = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // One whose last step fails: the list can't get its name.
        try write([], to: folder.file("b.tar.zst.parts.json/in-the-way"))
        #expect(throws: BundleError.self) {
            try PartsWriter.write(path, limit: 100_000) { try SampleBundle().write(to: $0) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.string) == ["b.tar.zst.parts.json"])
    }

    @Test func asManyPartsAsThereMayBeAreReadAndWritten() async throws {
        let split = try Split(try Split(1 << 40).list.size / 990)
        #expect((950...999).contains(split.list.parts.count))
        #expect(await complaint(about: split.listPath).isEmpty)
    }

    @Test func listsThatLeadElsewhereAreRefused() throws {
        let good = try Split().list
        #expect(try PartsList(reading: good.encoded) == good)
        func refuses(_ rule: String, _ change: (String) -> String) throws {
            let text = change(String(decoding: try good.encoded, as: UTF8.self))
            let error = try #require(throws: Malformed.self) { try PartsList(reading: Data(text.utf8)) }
            #expect("\(error)".contains(rule), "\(error)")
        }
        func replacing(_ old: String, _ new: String) -> (String) -> String { { $0.replacing(old, with: new) } }
        try refuses("schema 1", replacing(#""schemaVersion" : 1"#, #""schemaVersion" : 2"#))
        for name in ["", ".", "..", "/etc/passwd", "../b.tar.zst", "a/b.tar.zst", "b/\u{301}c"] {
            try refuses("without a path", replacing(#""b.tar.zst""#, "\"\(name)\""))
        }
        try refuses("can't be shown", replacing(#""b.tar.zst""#, #""b\u0007\u001b[2J""#))
        try refuses("can't be shown", replacing(#""b.tar.zst""#, #""b\u0000""#))
        for name in ["../b.tar.zst.002", "/dev/zero", "b.tar.zst.001", "b.tar.zst.2", "c.tar.zst.002"] {
            try refuses("part 2 is called 'b.tar.zst.002'", replacing("\"b.tar.zst.002\"", "\"\(name)\""))
        }
        for size in ["-1", "0", "9223372036854775807"] {
            try refuses("no part can have", replacing("\"size\" : 100000", "\"size\" : \(size)"))
        }
        try refuses("the parts have", replacing("\"size\" : 100000", "\"size\" : 100001"))
        for size in ["9223372036854775808", "1e30", "\"7\"", "null", "1.5"] {
            try refuses("list of parts", replacing("\"size\" : 100000", "\"size\" : \(size)"))
        }
        try refuses("64 hexadecimal", replacing("sha256:", "sha256:../"))
        try refuses("0 parts") {
            String($0.prefix(upTo: $0.firstRange(of: "\"parts\"")?.lowerBound ?? $0.startIndex))
                + #""parts":[],"schemaVersion":1,"size":0}"#
        }
        try refuses("twice", replacing(#""schemaVersion" : 1"#, #""schemaVersion" : 1, "schemaVersion" : 1"#))
        try refuses("levels") { _ in String(repeating: "[", count: 5000) }
        try refuses("list of parts") { _ in "" }
    }

    @Test func aHugeListIsNotRead() throws {
        let split = try Split()
        try write([UInt8](repeating: 0x20, count: 2 << 20), to: split.listPath)
        #expect(Self.error(split.listPath).contains("at most 1048576 are read"))
        try FileManager.default.removeItem(atPath: split.listPath.string)
        #expect(Self.error(split.listPath).contains("can't open"))
        let whole = Self.error(split.part(1))
        #expect(whole.contains("is a part of an archive, but b.tar.zst.parts.json is not there"), "\(whole)")
    }
}

extension SampleBundle {
    /// Writes the archive to any target.
    fileprivate func write(to target: ArchiveTarget) throws -> (digest: Digest, size: Int64) {
        let path = TemporaryDirectory()
        let whole = try write(to: path.file("x"))
        var output = ArchiveOutput(to: target)
        try PartedFile(opening: path.file("x")).read(0..<whole.size) { try output.write([$0]) }
        return output.finish()
    }

    fileprivate func write(to path: FilePath, makingFolders: Bool) throws {
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: makingFolders)
        try write(to: path)
    }
}
