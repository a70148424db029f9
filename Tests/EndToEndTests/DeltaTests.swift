import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// `build --since`, `diff` and `verify --base`, from the registry to the archive.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct DeltaTests {
    private struct Summary: Decodable {
        struct Base: Decodable {
            var index: Digest
            var name: String?
            var version: String?
            var leftOut: [Digest]
        }

        var index: Digest
        var base: Base?
    }

    private struct Difference: Decodable {
        struct Image: Decodable {
            struct Layer: Decodable { var digest: Digest }

            var change: String
            var reference: String
            var formerReference: String?
            var layersKept: Int
            var layersAdded: [Layer]
            var layersRemoved: [Layer]
        }

        struct File: Decodable {
            var change: String
            var name: String
            var diff: String?
        }

        var images: [Image]
        var files: [File]
        var bytesToCarry: Int64
        var bytesKept: Int64
    }

    /// A user who has built the first version, and whose second has one image in another version, one more and one less.
    private struct Builder {
        let place: Workplace
        let registry: ScriptedRegistry
        let old: FilePath
        let second: SampleBundle

        init() async throws {
            let first = try SampleBundle.ordinary()
            var second = first
            second.images[1].written = "apache/nifi:1.24.0"
            second.images[1].tag = "1.24.0"
            // The layer that all have, and another one.
            second.images[1].image = try TestImage(format: .docker, layers: [2000, 9000], seed: 12)
            second.images[3] = SampleBundle.Image(
                written: "library/traefik:v2.9", repository: "library/traefik", tag: "v2.9",
                image: try TestImage(seed: 14))
            var all = first
            all.images += [second.images[1], second.images[3]]
            place = try Workplace(first)
            registry = ScriptedRegistry(all) { _, _, _, _ in false }
            let run = try await place.build(mirror: registry.mirror)
            try #require(run.code == 0, "\(run.transcript)")
            old = place.file("old.tar.zst")
            try FileManager.default.moveItem(
                atPath: place.output.appending(first.archive).string, toPath: old.string)
            try second.write(to: place.bundle)
            let lock = try await place.lock(mirror: registry.mirror)
            try #require(lock.code == 0, "\(lock.transcript)")
            self.second = second
        }

        var delta: FilePath { place.output.appending(second.archive.replacing(".tar.zst", with: ".delta.tar.zst")) }
        var whole: FilePath { place.output.appending(second.archive) }

        func build(_ more: [String]) async throws {
            let run = try await place.build(mirror: registry.mirror, ["--force"] + more)
            try #require(run.code == 0, "\(run.transcript)")
        }

        func summary(_ archive: FilePath) async throws -> Summary {
            let run = try await place.sealift(["inspect", archive.string, "--format", "json"])
            try #require(run.code == 0, "\(run.transcript)")
            return try run.decoded(Summary.self)
        }
    }

    @Test func leavesOutWhatTheOldOneHas() async throws {
        let builder = try await Builder()
        let place = builder.place
        try await builder.build([])
        try await builder.build(["--since", builder.old.string])
        let (old, delta) = (try await builder.summary(builder.old), try await builder.summary(builder.delta))
        let base = try #require(delta.base)
        #expect(base.index == old.index && base.name == "sample" && base.version == "1.0.0")
        let layers = builder.second.images.flatMap(\.image.manifests).filter { $0.value.layers.count > 0 }
        let kept = Set(builder.second.images[0].image.manifests[0].value.layers.map(\.digest))
            .union(builder.second.images[2].image.manifests[0].value.layers.map(\.digest))
        #expect(Set(base.leftOut) == kept && !layers.isEmpty)
        #expect(try contents(of: builder.delta).count < contents(of: builder.whole).count)

        // Made again, and without a cache, it is the same; what is left out is not even fetched.
        let bytes = try contents(of: builder.delta)
        func asked() -> Int { kept.reduce(0) { $0 + builder.registry.requests(for: $1).count } }
        let before = asked()
        try await builder.build(["--since", builder.old.string, "--no-cache"])
        #expect(try contents(of: builder.delta) == bytes)
        #expect(asked() == before)

        let verify = try await place.sealift(["verify", builder.delta.string])
        #expect(verify.code == 0 && verify.output.contains("are not in it: sample 1.0.0 brought them"))
        let both = try await place.sealift(["verify", builder.delta.string, "--base", builder.old.string])
        #expect(both.code == 0 && both.output.contains("whole: the bases have what it leaves out"))
        let shown = try await place.sealift(["inspect", builder.delta.string, "--layers"])
        #expect(shown.output.contains("on top of sample 1.0.0") && shown.output.contains("in the base"))
        let whole = try await place.sealift(["verify", builder.whole.string, "--base", builder.old.string])
        #expect(!whole.output.contains("delta:") && whole.output.contains("whole by itself: it is no delta"))
    }

    @Test func isBuiltUponListsAndChains() async throws {
        let builder = try await Builder()
        let place = builder.place
        try await builder.build(["--since", builder.old.string])
        let wanted = try #require(try await builder.summary(builder.delta).base)
        // The index alone: what is locked as it was, and what the cache still knows.
        let unpacked = try await place.shell(
            "tar --zstd -xf \"$1\" -C \"$2\" index.json", builder.old.string, place.file("tmp").string)
        try #require(unpacked.code == 0, "\(unpacked.transcript)")
        try await builder.build(["--since", place.file("tmp/index.json").string])
        let listed = try #require(try await builder.summary(builder.delta).base)
        #expect(listed.index == wanted.index && listed.name == nil && listed.leftOut == wanted.leftOut)

        // A third on top of the second, which leaves out what the first has: no layer is left to carry.
        try await builder.build(["--since", builder.old.string])
        let second = place.file("second.tar.zst")
        try FileManager.default.moveItem(atPath: builder.delta.string, toPath: second.string)
        try await builder.build(["--since", second.string])
        let verify = try await place.sealift(["verify", builder.delta.string, "--base", second.string])
        #expect(verify.code == 65 && verify.errors.contains("are in none of the bundles given with --base"))
        let chain = try await place.sealift(
            ["verify", builder.delta.string, "--base", second.string, "--base", builder.old.string])
        #expect(chain.code == 0, "\(chain.transcript)")
    }

    @Test func encodesAnewOnTopOfWhatWasEncoded() async throws {
        let builder = try await Builder()
        try await builder.build(["--layers", "zstd"])
        let whole = builder.place.file("whole.tar.zst")
        try FileManager.default.moveItem(atPath: builder.whole.string, toPath: whole.string)
        try await builder.build(["--layers", "zstd", "--since", whole.string])
        let run = try await builder.place.sealift(["verify", builder.delta.string, "--base", whole.string])
        #expect(run.code == 0, "\(run.transcript)")
        let base = try #require(try await builder.summary(builder.delta).base)
        let listing = try await builder.place.shell("tar --zstd -tf \"$1\"", builder.delta.string)
        for digest in base.leftOut { #expect(!listing.output.contains(digest.hex)) }
        #expect(base.leftOut.count >= 4)
    }

    @Test func showsTheDifference() async throws {
        let builder = try await Builder()
        let place = builder.place
        try await builder.build([])
        let run = try await place.sealift(
            ["diff", builder.old.string, builder.whole.string, "--format", "json"])
        try #require(run.code == 0, "\(run.transcript)")
        let found = try run.decoded(Difference.self)
        #expect(
            found.images.map { "\($0.change) \($0.reference)" } == [
                "removed docker.io/apache/kafka:3.7.0", "changed docker.io/apache/nifi:1.24.0",
                "added docker.io/library/traefik:v2.9",
            ])
        #expect(found.files.contains { $0.name == "images.lock" && $0.diff == nil })
        #expect(found.images[1].formerReference == "docker.io/apache/nifi:1.23.2")
        #expect(found.images[1].layersKept == 1 && found.images[1].layersAdded.count == 1)
        #expect(found.images[1].layersRemoved.count == 2)
        let job = try #require(found.files.first { $0.name == "definition/manifests/job-1.yaml" })
        #expect(
            job.diff?.contains("-          image: apache/nifi:1.23.2\n+          image: apache/nifi:1.24.0\n") == true)
        try await builder.build(["--since", builder.old.string, "--dry-run", "--format", "json"])
        let text = try await place.sealift(["diff", builder.old.string, builder.whole.string])
        #expect(
            text.output.contains("- docker.io/apache/kafka:3.7.0")
                && text.output.contains("+++ b/definition/manifests/job-1.yaml"))
        let brief = try await place.sealift([
            "diff", builder.old.string, builder.whole.string, "--no-texts", "--layers",
        ])
        #expect(!brief.output.contains("+++ ") && brief.output.contains("    + sha256:"))
        let same = try await place.sealift(["diff", builder.old.string, builder.old.string])
        #expect(same.code == 0 && same.output.hasPrefix("no difference"))
    }

    @Test func saysWhatIsNoBase() async throws {
        let sample = try SampleBundle.tiny()
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        for (name, text, complaint) in [
            ("index.json", #"{"schemaVersion":2,"manifests":[]}"#, "the index of something that is no bundle"),
            ("state.json", #"{"schemaVersion":7,"kind":"SealiftState"}"#, "reads schema 1"),
            ("other.json", #"{"a":1}"#, "other.json"), ("notes.txt", "hello", "notes.txt"), ("empty", "", "empty"),
        ] {
            try write(text.utf8, to: place.file(name))
            let run = try await place.build(mirror: registry.mirror, ["--since", place.file(name).string])
            #expect(run.code == 65 && run.errors.contains(complaint), "\(name): \(run.transcript)")
        }
        let missing = try await place.build(mirror: registry.mirror, ["--since", place.file("nowhere").string])
        #expect(missing.code == 66, "\(missing.transcript)")
        #expect(place.names(in: place.output) == [])
    }
}
