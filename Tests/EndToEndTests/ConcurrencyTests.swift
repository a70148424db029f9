import FoundationEssentials
import Glibc
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Commands of the connected side at the same time, on the same cache, lock, key or archive.
@Suite(.serialized, .enabled(if: Executables.areThere, Executables.need))
struct ConcurrencyTests {
    /// A bundle that shares images and layers with the ordinary one.
    private static func relative() throws -> SampleBundle {
        let images = try SampleBundle.ordinary().images
        return SampleBundle(name: "relative", images: [images[1], images[3]])
    }

    /// A registry that takes a while for each blob, for others to come in between.
    private func slowRegistry(_ sample: SampleBundle) -> ScriptedRegistry {
        ScriptedRegistry(sample) { _, _, _, _ in
            usleep(20_000)
            return false
        }
    }

    /// A place for `sample` with its lock, and the archive that it makes alone.
    private func alone(_ sample: SampleBundle) async throws -> (place: Workplace, mirror: ScriptedRegistry, [UInt8]) {
        let place = try Workplace(sample)
        let registry = slowRegistry(sample)
        let output = place.file("alone")
        let run = try await place.build(mirror: registry.mirror, ["--output", output.string])
        try #require(run.code == 0, "\(run.transcript)")
        return (place, registry, try contents(of: output.appending(sample.archive)))
    }

    /// What is wrong with a cache: blobs that are not what their name says, and anything unfinished.
    private func faults(of cache: FilePath, in place: Workplace) throws -> [String] {
        let blobs = cache.appending("blobs/sha256")
        return try place.names(in: blobs).filter {
            Digest.of(Data(try contents(of: blobs.appending($0)))).hex != $0
        } + place.names(in: cache.appending("ingest"))
    }

    /// What is wrong with an archive and what lies beside it.
    private func faults(of archive: FilePath, expecting bytes: [UInt8], in place: Workplace) throws -> [String] {
        let digest = Digest.of(Data(bytes)).hex
        let checksum = String(decoding: try contents(of: FilePath("\(archive).sha256")), as: UTF8.self)
        return [
            try contents(of: archive) == bytes ? nil : "\(archive) has other bytes",
            checksum.hasPrefix(digest) ? nil : "the checksum is \(checksum)",
        ].compactMap(\.self) + place.names(in: archive.removingLastComponent()).filter { $0.hasPrefix(".") }
    }

    @Test func buildsShareACache() async throws {
        let (samples, places) = (
            [try SampleBundle.ordinary(), try Self.relative()],
            [try await alone(.ordinary()), try await alone(Self.relative())]
        )
        var builds = 0
        for round in 0..<Rounds.count {
            let cache = places[0].place.file("shared-\(round)")
            // The last two write to one folder.
            let work = [(0, "one"), (0, "two"), (1, "three"), (1, "four"), (1, "four")]
            try await withThrowingTaskGroup(of: SealiftRun.self) { group in
                for (index, folder) in work {
                    let (place, mirror) = (places[index].place, places[index].mirror.mirror)
                    let output = place.file("\(folder)-\(round)").string
                    group.addTask {
                        try await place.build(
                            mirror: mirror, ["--cache", cache.string, "--output", output, "--force"])
                    }
                }
                for try await run in group { #expect(run.code == 0, "\(run.transcript)") }
            }
            for (index, folder) in work {
                let (place, _, bytes) = places[index]
                let archive = place.file("\(folder)-\(round)").appending(samples[index].archive)
                #expect(try faults(of: archive, expecting: bytes, in: place) == [])
            }
            #expect(try faults(of: cache, in: places[0].place) == [])
            builds += work.count
        }
        print("torture: \(builds) builds of two bundles on one cache, five at a time: every archive as if built alone")
    }

    @Test func pruningDisturbsNobody() async throws {
        let sample = try SampleBundle.ordinary()
        let (place, registry, bytes) = try await alone(sample)
        var (pruned, refused, builds) = (0, 0, 0)
        // That they meet is up to the machine, which may be busy with something else.
        while builds < Rounds.count || refused == 0 && builds < 10 * Rounds.count {
            async let building = place.build(mirror: registry.mirror, ["--force"])
            async let locking = place.lock(mirror: registry.mirror)
            for _ in 0..<12 {
                let run = try await place.sealift(["cache", "prune"])
                if run.code == 0 {
                    pruned += 1
                } else {
                    #expect(run.code == 69, "\(run.transcript)")
                    #expect(
                        run.errors.contains(
                            "error: can't prune the cache \(place.cache): a build or a lock works with it"))
                    refused += 1
                }
            }
            for run in try await [building, locking] { #expect(run.code == 0, "\(run.transcript)") }
            #expect(try faults(of: place.output.appending(sample.archive), expecting: bytes, in: place) == [])
            #expect(try faults(of: place.cache, in: place) == [])
            builds += 1
        }
        let last = try await place.sealift(["cache", "prune"])
        #expect(last.code == 0 && place.names(in: place.cache.appending("blobs/sha256")) == [], "\(last.transcript)")
        #expect(refused > 0)
        print("torture: \(builds) builds and locks beside \(pruned) prunes, \(refused) refused: nobody disturbed")
    }

    /// Two bundles with one lock, each with a file whose digest is not known before it has come.
    @Test func locksOfSeveralBundlesAllStay() async throws {
        let samples = [try SampleBundle.ordinary(), try Self.relative()]
        let body = seededBytes(300_000, seed: 77)
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "\(body.count)"])
            for start in stride(from: 0, to: body.count, by: 100_000) {
                usleep(30_000)
                connection.send(Array(body[start..<(start + 100_000)]))
            }
        }
        for _ in 0..<Rounds.count {
            let places = try samples.map { try Workplace($0) }
            let lock = places[0].file("images.lock").string
            for place in places {
                let file = place.bundle.appending("bundle.yaml")
                let text = "files:\n  - {name: model.bin, url: \"\(server.origin)/model.bin\"}\n"
                try write(try contents(of: file) + Array(text.utf8), to: file)
            }
            let shared = [
                "--lock", lock, "--cache", places[0].cache.string, "--plain-http", "127.0.0.1:\(server.port)",
            ]
            let registries = samples.map { slowRegistry($0) }
            try await withThrowingTaskGroup(of: SealiftRun.self) { group in
                for (place, registry) in zip(places, registries) {
                    group.addTask { try await place.lock(mirror: registry.mirror, shared) }
                    group.addTask { try await place.lock(mirror: registry.mirror, shared) }
                }
                for try await run in group { #expect(run.code == 0, "\(run.transcript)") }
            }
            #expect(try faults(of: places[0].cache, in: places[0]) == [])
            let blob = places[0].cache.appending("blobs/sha256").appending(Digest.of(Data(body)).hex)
            #expect(try contents(of: blob) == body)
            for (place, registry) in zip(places, registries) {
                let check = try await place.lock(mirror: registry.mirror, shared + ["--check"])
                #expect(check.code == 0, "\(check.transcript)")
            }
        }
        print("torture: \(4 * Rounds.count) locks of two bundles into one images.lock, four at a time: none was lost")
    }

    @Test func signingDisturbsNoReader() async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        for name in ["one", "two"] {
            async let first = place.sealift(["keygen", "--output", place.file(name).string])
            async let second = place.sealift(["keygen", "--output", place.file(name).string])
            #expect(try await Set([first.code, second.code]) == [0, 73])
        }
        let ended = Atomic(false)
        let reading = Task {
            var reads = 0
            while !ended.load(ordering: .acquiring) {
                for program in [Executables.sealift, Executables.installer] {
                    let run = try await place.run([program.string, "verify", bundle.archive.string])
                    #expect(run.code == 0, "\(run.transcript)")
                    let inspect = try await place.run([program.string, "inspect", bundle.archive.string])
                    #expect(inspect.code == 0, "\(inspect.transcript)")
                    reads += 2
                }
            }
            return reads
        }
        for round in 0..<Rounds.count * 3 {
            let key = place.file(round.isMultiple(of: 2) ? "one.key" : "two.key").string
            let run = try await place.sealift(["sign", bundle.archive.string, "--key", key, "--force"])
            #expect(run.code == 0, "\(run.transcript)")
        }
        ended.store(true, ordering: .releasing)
        let reads = try await reading.value
        let check = try await place.shell(#"cd "$1" && sha256sum --quiet -c ./*.sha256"#, place.output.string)
        #expect(check.code == 0, "\(check.transcript)")
        #expect(place.names(in: place.output).filter { $0.hasPrefix(".") } == [])
        print("torture: \(Rounds.count * 3) signings in place beside \(reads) readings: each saw a whole archive")
    }
}

/// How often campaigns of concurrency are repeated: `$SEALIFT_TORTURE_ROUNDS`.
enum Rounds {
    static let count = ProcessInfo.processInfo.environment["SEALIFT_TORTURE_ROUNDS"].flatMap { Int($0) } ?? 2
}
