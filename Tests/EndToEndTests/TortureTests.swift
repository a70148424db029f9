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
        let runs = try await MeasuredRuns.with(in: packed.place) { measured in
            var runs = Runs(triesAll: true)
            for kind in Damage.Kind.allCases {
                for number in 0..<Amount.sample {
                    // Numbers that the campaign in this process did not use.
                    let damage = Damage(kind, number: 1_000_000 + number, seed: Amount.seed, of: campaign.good.count)
                    let bytes = damage.applied(to: campaign.good, other: campaign.other)
                    guard bytes != campaign.good, bytes != campaign.other else { continue }
                    let path = packed.place.file("work/damaged.tar.zst")
                    try write(bytes, to: path)
                    try await runs.read(path, in: packed.place, "seed \(Amount.seed), \(damage)", by: &measured)
                }
            }
            return runs
        }
        print("torture: \(runs.line("damaged archives"))")
    }

    /// Makes an archive in `folder`, if there is one of that number.
    private static func draft(_ number: Int, in folder: FilePath) -> Task<FilePath, any Error> {
        Task { @concurrent in
            let path = folder.appending("\(number)")
            if number < HostileArchive.all.count { try HostileArchive.all[number].write(to: path) }
            return path
        }
    }

    @Test func noHostileArchiveIsReadOrWritesAnything() async throws {
        let packed = try await PackedBundle(.tiny())
        let directory = TemporaryDirectory()
        let drafts = directory.path
        let runs = try await MeasuredRuns.with(in: packed.place) { measured in
            var runs = Runs(triesAll: Amount.isLong)
            let path = packed.place.file("work/hostile.tar.zst")
            try write([], to: path)
            // The next one is made while this one is read.
            var draft = Self.draft(0, in: drafts)
            for (number, archive) in HostileArchive.all.enumerated() {
                try FileManager.default.removeItem(atPath: path.string)
                try FileManager.default.moveItem(atPath: try await draft.value.string, toPath: path.string)
                draft = Self.draft(number + 1, in: drafts)
                try await runs.read(path, in: packed.place, archive.description, by: &measured)
            }
            return runs
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

    /// What is to be run, and what must come of it.
    private struct Trial {
        enum End {
            /// Exit code 65.
            case refusal
            /// An error that is no bug of ours.
            case failure
            /// Success, where the verb doesn't come across what is wrong; or one of these exit codes.
            case successOr(Set<Int>)
        }

        var executable: FilePath
        var arguments: [String]
        var end: End
        /// Whether it is tried where not all are.
        var isUsual = false
    }

    /// Without `triesAll`, each executable verifies, and the installer makes the plans of an import and an installation.
    init(triesAll: Bool) { self.triesAll = triesAll }

    private static func trials(on path: String) -> [Trial] {
        let both = [Executables.sealift, Executables.installer].flatMap { executable in
            [
                Trial(executable: executable, arguments: ["verify", path], end: .refusal, isUsual: true),
                Trial(executable: executable, arguments: ["verify", "--format", "json", path], end: .refusal),
                Trial(executable: executable, arguments: ["inspect", "--layers", path], end: .successOr([65])),
            ]
        }
        // No containerd is there: whoever gets that far fails too. --dry-run: on whatever host this runs.
        let nowhere = ["--address", "/nonexistent/containerd.sock"]
        let own: [([String], Trial.End, Bool)] = [
            (["import", "--dry-run", path] + nowhere, .failure, true),
            (["verify", "--node", path] + nowhere, .failure, false),
            (["install", "--dry-run", path], .successOr([65, 66, 69]), true),
            (["upgrade", "--dry-run", path], .successOr([65, 66, 69]), false),
            (["preflight", path], .successOr([65]), false),
        ]
        return both
            + own.map { Trial(executable: Executables.installer, arguments: $0.0, end: $0.1, isUsual: $0.2) }
    }

    /// Reads the one archive in its folder with every verb of both executables; `what` is for failures.
    mutating func read(
        _ path: FilePath, in place: Workplace, _ what: String, by measured: inout MeasuredRuns
    ) async throws {
        archives += 1
        let before = Self.listing(of: place)
        let trials = Self.trials(on: path.string).filter { triesAll || $0.isUsual }
        let outcomes = try await measured.run(trials.map { [$0.executable.string] + $0.arguments })
        for (trial, outcome) in zip(trials, outcomes) { check(trial, outcome, what) }
        #expect(Self.listing(of: place) == before, "\(what): something was written")
    }

    private mutating func check(_ trial: Trial, _ outcome: MeasuredRuns.Outcome, _ what: String) {
        let name = trial.executable.lastComponent?.string ?? ""
        let subject = "\(what): \(name) \(trial.arguments.joined(separator: " "))"
        let comment: Comment = "\(subject) ended with \(outcome.code): \(outcome.text.prefix(2000))"
        switch trial.end {
        case .refusal: #expect(outcome.code == 65, comment)
        case .failure: #expect((1..<128).contains(outcome.code) && outcome.code != 70, comment)
        case .successOr(let codes): #expect(outcome.code == 0 || codes.contains(outcome.code), comment)
        }
        if outcome.code != 0 { #expect(outcome.text.contains("error: "), comment) }
        #expect(!outcome.text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, comment)
        #expect(outcome.peak <= (Self.limits[name] ?? 0) << 10, "\(subject) took \(outcome.peak) KiB")
        count += 1
        slowest = max(slowest, outcome.seconds)
        memory[name] = max(memory[name] ?? 0, outcome.peak)
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
