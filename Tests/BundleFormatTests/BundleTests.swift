import BundleFormat
import FoundationEssentials
import Frames
import HostileBundles
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite struct BundleTests {
    @Test func givesEqualBytesWhateverTheNumberOfWorkers() throws {
        let folder = TemporaryDirectory()
        let sample = try SampleBundle()
        let results = try [1, 2, 5].map { try sample.write(to: folder.file("x"), workers: $0) }
        #expect(Set(results.map(\.digest)).count == 1)
    }

    @Test(arguments: [1, 3]) func isSoundAsWritten(_ workers: Int) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let sample = try SampleBundle()
        let result = try sample.write(to: path)
        let report = try await verify(path, workers: workers)
        #expect(report.isSound, "\(report.faults)")
        #expect(report.members == sample.contents.members.count)
        #expect(report.images == 3)
        #expect(report.names == 6)
        #expect(report.archiveBytes == result.size)
        #expect(report.contentBytes == sample.contents.tarSize)
        #expect(report.index == Digest.of(sample.index))
        #expect(report.bundle == "sample 1.2.3")
    }

    @Test func saysWhatIsInside() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let sample = try SampleBundle()
        try sample.write(to: path)
        let summary = BundleSummary(of: try BundleReader(opening: path))
        #expect(summary.name == "sample")
        #expect(summary.platforms == ["linux/amd64", "linux/arm64"])
        #expect(summary.kubernetes == nil)
        #expect(summary.stages == ["app"])
        #expect(summary.images.map(\.reference) == SampleBundle.references)
        #expect(summary.images.map(\.platforms.count) == [2, 1, 1])
        #expect(summary.images.map { $0.platforms[0].layers[0].sharedBy } == [3, 3, 3])
        #expect(summary.images.map { $0.platforms[0].layers[1].sharedBy } == [1, 1, 1])
        #expect(summary.sharedBytes == sample.images[0].manifests[0].value.layers[0].size * 2)
        #expect(summary.files.map(\.name) == ["manifests/app.yaml", "files/words.txt"])
    }

    @Test(.enabled(if: Program.isInstalled("tar") && Program.isInstalled("zstd"), "tar or zstd is not installed"))
    func isAnOCILayoutInATarToEverybodyElse() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let sample = try SampleBundle()
        try sample.write(to: path)
        let out = folder.file("out")
        try write([], to: out.appending("empty"))
        _ = try await Program.run("tar", ["--zstd", "-xf", path.string, "-C", out.string])
        for member in try sample.members() {
            #expect(try Data(contents(of: out.appending(member.name))) == member.bytes)
        }
    }

    /// A sample of bytes from every region: the first frame, layers, the end mark, digests, seek table, footer.
    @Test func noDamageGoesUnnoticed() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try SampleBundle().write(to: path)
        let good = try contents(of: path)
        var offsets = Array(0..<40)
        offsets += Array(stride(from: 40, to: good.count, by: 9973))
        offsets += Array((good.count - 900)..<good.count)
        let file = try FileDescriptor.open(path, .readWrite)
        defer { try? file.close() }  // read-only from here on
        for offset in offsets {
            _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [good[offset] ^ 0x04])
            let complaint = await complaint(about: path)
            #expect(
                complaint.contains("damaged in bytes") || complaint.contains("can't read"), "\(offset) \(complaint)")
            _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [good[offset]])
        }
        #expect(await complaint(about: path).isEmpty)
    }

    @Test func noEndCanBeMissing() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try SampleBundle().write(to: path)
        let good = try contents(of: path)
        for step in 0..<50 {
            try write(good.prefix(good.count * step / 50), to: path)
            #expect(throws: FramesError.self) { try BundleReader(opening: path) }
        }
    }
}
