import BundleFormat
import FoundationEssentials
import HostileBundles
import SystemPackage
import TestSupport
import Testing

/// Archives whose frames and checksums are sound, made by somebody who means harm; and some whose frames are not.
@Suite struct HostileBundleTests {
    @Test(arguments: HostileArchive.all) func isRefused(_ archive: HostileArchive) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("inner/x")
        try write([], to: path)
        try archive.write(to: path)
        let complaint = await complaint(about: path)
        #expect(!complaint.isEmpty)
        #expect(complaint.contains(archive.complaint), "\(complaint)")
        #expect(complaint.contains(path.string) || complaint.contains("blobs/"), "\(complaint)")
        #expect(!complaint.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "what is printed moves no cursor")
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
}
