import FoundationEssentials
import HostileBundles
import SystemPackage
import TestSupport
import Testing

/// Campaigns against everything that reads a bundle; `scripts/torture` runs them longer, or on another bundle.
@Suite(.serialized, .enabled(if: Executables.areThere, Executables.need))
struct TortureTests {
    /// How much is done. `$SEALIFT_TORTURE_*` choose; the defaults are those of every run of the tests.
    private enum Amount {
        static let seed = UInt64(given("SEED", Int.random(in: 1...999_999)))
        static let flips = given("FLIPS", 300)
        static let cuts = given("TRUNCATIONS", 50)
        static let splices = given("SPLICES", 48)
        /// Whether every verb is tried in every form, on every archive.
        static let isLong = given("LONG", 0) == 1
        /// For each kind of damage, with every executable and verb.
        static let sample = given("SAMPLE", 4)
        static let bundle = ProcessInfo.processInfo.environment["SEALIFT_TORTURE_BUNDLE"].map { FilePath($0) }

        static func given(_ name: String, _ standard: Int) -> Int {
            ProcessInfo.processInfo.environment["SEALIFT_TORTURE_\(name)"].flatMap { Int($0) } ?? standard
        }
    }

    /// Several megabytes: gzip layers, one of zstd, plain ones that compress, and one that doesn't.
    private static func sample(seed: UInt64) throws -> SampleBundle {
        SampleBundle(images: [
            .init(
                written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                image: try TestImage(layers: [2000, 1_500_000, 700], seed: seed)),
            .init(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(layers: [2000, 3_000_000], seed: seed + 1, isPlain: true)),
            .init(
                written: "traefik:v2.9", repository: "library/traefik", tag: "v2.9",
                image: try TestImage(format: .docker, layers: [2000, 300_000, 90_000], seed: 9)),
            .init(
                written: "apache/kafka:3.7.0", repository: "apache/kafka", tag: "3.7.0",
                image: try TestImage(layers: [2000, 800_000], seed: seed + 2, isZstd: true)),
        ])
    }

    @Test func noDamageGoesUnnoticed() async throws {
        let (packed, other) = (
            try await PackedBundle(Self.sample(seed: 20)), try await PackedBundle(Self.sample(seed: 30))
        )
        let archive = Amount.bundle ?? packed.archive
        let campaign = try Campaign(good: archive, other: other.archive, seed: Amount.seed)
        print("torture: seed \(Amount.seed), \(archive.lastComponent?.string ?? "") of \(campaign.good.count) bytes")
        for (kind, count) in [(Damage.Kind.flip, Amount.flips), (.cut, Amount.cuts), (.splice, Amount.splices)] {
            let figures = try await campaign.run(kind, count: count, workers: 2, in: packed.place.file("tmp"))
            print("torture: \(figures.line)")
            #expect(figures.made > 0 || count == 0)
            #expect(figures.placed == figures.made, "\(figures.failures.prefix(10).joined(separator: "\n"))")
        }
        var runs = Runs(triesAll: true)
        for kind in Damage.Kind.allCases {
            for number in 0..<Amount.sample {
                // Numbers that the campaign in this process did not use.
                let damage = Damage(kind, number: 1_000_000 + number, seed: Amount.seed, of: campaign.good.count)
                let bytes = damage.applied(to: campaign.good, other: campaign.other)
                guard bytes != campaign.good, bytes != campaign.other else { continue }
                let path = packed.place.file("work/damaged.tar.zst")
                try write(bytes, to: path)
                try await runs.read(path, in: packed.place, "seed \(Amount.seed), \(damage)")
            }
        }
        print("torture: \(runs.line("damaged archives"))")
    }

    @Test func noHostileArchiveIsReadOrWritesAnything() async throws {
        let packed = try await PackedBundle(.tiny())
        var runs = Runs(triesAll: Amount.isLong)
        for archive in HostileArchive.all {
            let path = packed.place.file("work/hostile.tar.zst")
            try write([], to: path)
            try archive.write(to: path)
            try await runs.read(path, in: packed.place, archive.description)
        }
        print("torture: \(runs.line("hostile archives made by hand"))")
    }
}

/// What both executables made of archives that are not sound, with every verb that reads one.
private struct Runs {
    private let triesAll: Bool
    private var archives = 0
    private var count = 0
    private var slowest = 0.0
    /// In bytes, by executable.
    private var memory: [String: Int] = [:]

    /// MiB, as docs/benchmarks.md promises for bundles of any size.
    private static let limits = ["sealift": 128, "sealift-installer": 96]

    /// Without `triesAll`, each executable verifies, and the installer makes the plan of an import, too.
    init(triesAll: Bool) { self.triesAll = triesAll }

    /// Runs a command for at most a minute; prints exit code (negative: a signal), KiB and seconds on its first line.
    private static let measure = """
        import resource, subprocess, sys, time
        start = time.monotonic()
        try:
            run = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=60)
            code, text = run.returncode, run.stdout
        except subprocess.TimeoutExpired as error:
            code, text = -9999, error.stdout or b""
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(code, peak, time.monotonic() - start, flush=True)
        sys.stdout.buffer.write(text[:100000])
        """

    /// Reads the one archive in its folder with every verb of both executables; `what` is for failures.
    mutating func read(_ path: FilePath, in place: Workplace, _ what: String) async throws {
        archives += 1
        let before = Self.listing(of: place)
        let reading = ["--format", "json", path.string]
        for executable in [Executables.sealift, Executables.installer] {
            var verbs: [(arguments: [String], mustFail: Bool)] = [
                (["verify", path.string], true), (["verify"] + reading, true),
                (["inspect", "--layers", path.string], false),
            ]
            if executable == Executables.installer {
                // No containerd is there: whoever gets that far fails too.
                let nowhere = ["--address", "/nonexistent/containerd.sock"]
                verbs += [
                    (["import", "--dry-run", path.string] + nowhere, true),
                    (["verify", "--node", path.string] + nowhere, true),
                ]
            }
            if !triesAll {
                verbs = verbs.filter {
                    ["verify", "import"].contains($0.arguments[0]) && $0.arguments[1] != "--format"
                        && $0.arguments[1] != "--node"
                }
            }
            for (arguments, mustFail) in verbs {
                try await run(executable, arguments, mustFail: mustFail, in: place, what)
            }
        }
        #expect(Self.listing(of: place) == before, "\(what): something was written")
    }

    private mutating func run(
        _ executable: FilePath, _ arguments: [String], mustFail: Bool, in place: Workplace, _ what: String
    ) async throws {
        let name = executable.lastComponent?.string ?? ""
        let run = try await place.run(["python3", "-c", Self.measure, executable.string] + arguments)
        let lines = run.output.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let figures = (lines.first ?? "").split(separator: " ").map(String.init)
        try #require(figures.count == 3, "\(what): \(run.transcript)")
        let (code, kibibytes) = (Int(figures[0]) ?? -1, Int(figures[1]) ?? 0)
        let text = lines.count > 1 ? String(lines[1]) : ""
        let comment: Comment = "\(what): \(name) \(arguments[0]) ended with \(code): \(text.prefix(2000))"
        if arguments[0] == "verify", !arguments.contains("--node") {
            #expect(code == 65, comment)
        } else {
            #expect(mustFail ? (1..<128).contains(code) && code != 70 : [0, 65].contains(code), comment)
        }
        if code != 0 { #expect(text.contains("error: "), comment) }
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, comment)
        #expect(kibibytes <= (Self.limits[name] ?? 0) << 10, "\(what): \(name) \(arguments[0]) took \(kibibytes) KiB")
        count += 1
        slowest = max(slowest, Double(figures[2]) ?? 0)
        memory[name] = max(memory[name] ?? 0, kibibytes)
    }

    /// Everything below the user's folder, its temporary and state folders included, and what lies around it.
    private static func listing(of place: Workplace) -> [String] {
        // try?: nothing is there where the folder is gone
        let own = (try? FileManager.default.subpathsOfDirectory(atPath: place.file("").string)) ?? []
        return own.sorted()
            + ["/", "/etc", "/var/lib"].flatMap { folder in
                place.names(in: FilePath(folder)).map { "\(folder)/\($0)" }
            }
    }

    func line(_ subject: String) -> String {
        let peaks = memory.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value >> 10) of \(Self.limits[$0.key] ?? 0) MiB" }
        return "by the executables: \(count) runs on \(archives) \(subject), none ended by a signal or too late, "
            + "the slowest took \(Int(slowest * 1000)) ms; most memory: \(peaks.joined(separator: ", "))"
    }
}
