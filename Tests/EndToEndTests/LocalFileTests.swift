import BundleFormat
import FoundationEssentials
import ImageLayout
import OCI
import SystemPackage
import TestSupport
import Testing

/// Files that the user has at hand, in the place of those that a definition would download.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct LocalFileTests {
    private static let content = Data("a connector".utf8)

    /// The sample with an extra file that nobody can download here.
    private func place(_ sample: SampleBundle) throws -> Workplace {
        let place = try Workplace(sample)
        let path = place.bundle.appending("bundle.yaml")
        let definition = try contents(of: path)
        try write(
            definition + Array("files:\n  - {name: connector.jar, url: \"https://none.example/connector.jar\"}\n".utf8),
            to: path)
        try write(Self.content, to: place.file("mine.jar"))
        return place
    }

    @Test func aFileAtHandIsPackedAndPinnedByALock() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try place(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let mine = ["--file", "connector.jar=\(place.file("mine.jar"))"]
        let run = try await place.build(mirror: registry.mirror, mine)
        try #require(run.code == 0, "\(run.transcript)")
        #expect(run.errors.contains("mine.jar is packed as it is: "))
        let bundle = try BundleReader(opening: place.output.appending(sample.archive))
        let packed = bundle.artifact.value.layers.first { $0.annotations?[Annotation.title] == "files/connector.jar" }
        #expect(packed?.digest == .of(Self.content))

        // As a connected colleague's lock would have it, but of other bytes.
        let lock = String(decoding: try contents(of: place.lock), as: UTF8.self)
        let pinned = lock.replacing(
            "    state: unresolved\n",
            with: """
                    state: resolved
                    digest: \(Digest.of(Data("another".utf8)))
                    size: 7

                """)
        try #require(pinned != lock)
        try write(pinned.utf8, to: place.lock)
        let refused = try await place.build(mirror: registry.mirror, mine + ["--force"])
        #expect(refused.code == 65)
        #expect(refused.errors.contains("connector.jar must have the digest \(Digest.of(Data("another".utf8)))"))
    }

    @Test(arguments: [
        (["--file", "conector.jar=mine.jar"], 65, "did you mean 'connector.jar'?"),
        (["--file", "connector.jar"], 64, "--file takes NAME=FILE, not 'connector.jar'"),
        (["--file", "connector.jar=nothing.jar"], 66, "nothing.jar"),
    ])
    func whatIsNoFileIsRefused(_ more: [String], _ code: Int, _ message: String) async throws {
        let sample = try SampleBundle.ordinary()
        let place = try place(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let run = try await place.build(mirror: registry.mirror, more)
        #expect(run.code == code, "\(run.transcript)")
        #expect(run.errors.contains(message), "\(run.errors)")
        #expect(place.names(in: place.output) == [])
    }
}
