import BundleFormat
import FoundationEssentials
import Frames
import HostileBundles
import OCI
import TestSupport
import Testing

/// Bundles that leave what their base has brought.
@Suite struct DeltaTests {
    private static let index = Digest.of(Data("the base's index".utf8))

    private static func base(_ digests: [Digest]) -> BundleDescription.Base {
        .init(index: index, name: "sample", version: "1.2.2", leftOut: digests)
    }

    /// The layers of an image of the sample, of all of its platforms.
    private static func layers(_ parts: SampleBundle.Parts, _ image: Int) -> [Descriptor] {
        parts.images[image].image.manifests.flatMap(\.value.layers)
    }

    private func complaint(_ change: (inout SampleBundle.Parts) throws -> Void) async throws -> String {
        let folder = TemporaryDirectory()
        try SampleBundle(change).write(to: folder.file("x"))
        return await HostileBundles.complaint(about: folder.file("x"))
    }

    @Test func isSoundWithoutWhatItLeavesOut() async throws {
        let folder = TemporaryDirectory()
        let all = try SampleBundle()
        try all.write(to: folder.file("whole"))
        let left = Self.layers(try SampleBundle.parts(), 2)
        try SampleBundle { $0.base = Self.base(left.map(\.digest)) }.write(to: folder.file("delta"))
        #expect(await HostileBundles.complaint(about: folder.file("delta")) == "")

        let whole = try BundleReader(opening: folder.file("whole"))
        let delta = try BundleReader(opening: folder.file("delta"))
        #expect(whole.leftOut.isEmpty && whole.description.base == nil)
        #expect(Set(delta.leftOut.blobs.keys) == Set(left.map(\.digest)))
        #expect(delta.leftOut.bytes == Set(left.map(\.bare)).reduce(0) { $0 + $1.size })
        #expect(delta.leftOut.programs.isEmpty)
        #expect(delta.holdings == whole.holdings)
        #expect(Set(delta.contents.payload).isDisjoint(with: delta.leftOut.blobs.values))
        #expect(whole.contents.payload.count == delta.contents.payload.count + delta.leftOut.blobs.count)
        #expect(delta.file.size < whole.file.size)

        let report = try await BundleVerification(of: delta).run(workers: 2) { _ in }
        #expect(report.base == "sample 1.2.2" && report.leftOut == delta.leftOut.blobs.count && report.isSound)
        let summary = BundleSummary(of: delta)
        #expect(summary.base == delta.description.base && summary.leftOutBytes == delta.leftOut.bytes)
        let shown = summary.images[2].platforms[0].layers.map(\.isLeftOut)
        #expect(!shown.contains(false))
        // The layer below is one that all images have.
        #expect(summary.images[1].platforms[0].layers.map(\.isLeftOut).filter { $0 }.count <= 1)
    }

    @Test func hasToSayItInItsOnlyForm() async throws {
        let layers = Self.layers(try SampleBundle.parts(), 2).map(\.digest).sorted()
        let list = layers.map { "\"\($0)\"" }
        func edited(_ new: [String]) -> (inout SampleBundle.Parts) -> Void {
            {
                $0.base = Self.base(layers)
                $0.editDescription = {
                    $0.replacing(list.joined(separator: ","), with: new.joined(separator: ","))
                }
            }
        }
        #expect(try await complaint(edited(list)) == "")
        #expect(try await complaint(edited(list.reversed())).contains("is not in order"))
        #expect(try await complaint(edited(list + [list[list.count - 1]])).contains("is not in order"))
        // What it says is left out is there, or what it does not say is missing.
        #expect(try await complaint(edited(Array(list.dropFirst()))) != "")
        #expect(
            try await complaint {
                $0.base = Self.base(layers)
                $0.carriesAll = true
            } != "")
    }

    @Test func leavesOutNothingButLayersOfItsImages() async throws {
        let parts = try SampleBundle.parts()
        let image = parts.images[2].image
        let stranger = Digest.of(Data("a stranger".utf8))
        let words = Digest.of(Data(String(repeating: "a file of many words; ", count: 9000).utf8))
        for digest in [image.root.digest, image.manifests[0].value.config.digest, stranger, words] {
            let said = try await complaint { $0.base = Self.base([digest]) }
            #expect(said.contains("leaves \(digest) to its base"), "\(digest): \(said)")
        }
    }
}

/// What a host tells of what it has.
@Suite struct InstalledStateTests {
    private let state = InstalledState(
        bundle: "sample", version: "1.2.3", index: .of(Data("index".utf8)), platform: .linuxAMD64,
        blobs: (1...3).map { .init(digest: .of(Data("\($0)".utf8)), size: $0) })

    @Test func isReadAsItWasWritten() throws {
        #expect(try InstalledState(decoding: encodeJSON(state)) == state)
        #expect(state.blobs.map(\.digest) == state.blobs.map(\.digest).sorted())
    }

    @Test(arguments: [
        ("\"schemaVersion\":1", "\"schemaVersion\":2", "reads schema 1"),
        ("SealiftState", "SomethingElse", "its kind is SealiftState"),
        ("\"size\":2", "\"size\":-2", "no blob has that many bytes"),
        ("sha256:", "sha257:", "sha257"), ("\"os\"", "\"so\"", "os"), ("{", "[", "JSON"),
    ])
    func isRefusedWhereItIsSomethingElse(_ old: String, _ new: String, _ complaint: String) throws {
        let text = String(decoding: try encodeJSON(state), as: UTF8.self)
        #expect(text.contains(old))
        let error = #expect(throws: Malformed.self) {
            try InstalledState(decoding: Data(text.replacing(old, with: new).utf8))
        }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
    }
}
