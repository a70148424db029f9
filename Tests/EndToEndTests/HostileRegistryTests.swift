import FoundationEssentials
import HostileBundles
import HostileRegistries
import OCI
import SystemPackage
import TestSupport
import Testing

/// The user's commands before registries that are wrong in every way that we know.
@Suite(.serialized, .enabled(if: Executables.areThere, Executables.need), .timeLimit(.minutes(60)))
struct HostileRegistryTests {
    /// How much is done; `scripts/torture` chooses.
    private enum Amount {
        static let seed = UInt64(given("SEED", Int.random(in: 1...999_999)))
        /// Every fourth with several faults, the others with one: in another order with each seed, all of them in turn.
        static let runs = given("REGISTRY_RUNS", 24)

        static func given(_ name: String, _ standard: Int) -> Int {
            ProcessInfo.processInfo.environment["SEALIFT_TORTURE_\(name)"].flatMap { Int($0) } ?? standard
        }
    }

    private static func sample() throws -> SampleBundle {
        SampleBundle(images: [
            .init(
                written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                image: try TestImage(platforms: [.linuxAMD64, .linuxARM64], seed: 41)),
            .init(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(format: .docker, layers: [2000, 60_000], seed: 42)),
        ])
    }

    @Test func whateverARegistryDoesNothingUnprovenIsKept() async throws {
        let trial = try await RegistryTrial(Self.sample())
        var numbers = SeededNumbers(seed: Amount.seed)
        print("torture: seed \(Amount.seed), \(Fault.all.count) faults of a registry")
        var cases: [RegistryTrial.Case] = []
        var singles: [Fault] = []
        while cases.count < Amount.runs {
            var chosen: [Fault] = []
            if cases.count % 4 == 3 {
                chosen = (0..<Int.random(in: 2...4, using: &numbers)).compactMap { _ in
                    Fault.all.randomElement(using: &numbers)
                }
            } else {
                if singles.isEmpty { singles = Fault.all.shuffled(using: &numbers) }
                chosen = [singles.removeLast()]
            }
            if let next = RegistryTrial.Case(chosen, numbers: &numbers) { cases.append(next) }
        }
        let figures = try await trial.run(cases)
        #expect(figures.runs == cases.count)
        #expect(figures.refused > 0)
        print("torture: \(figures.line)")
    }
}

/// What one registry after the other does to `lock` and `build`, and what is left afterwards.
private struct RegistryTrial: Sendable {
    enum Verb: CaseIterable, Sendable {
        case lock, build, buildWithoutCache
    }

    /// Some faults, and the command that meets them.
    struct Case: Sendable, CustomStringConvertible {
        let faults: [Step: Fault]
        let verb: Verb

        /// `nil` where the faults leave nothing to choose.
        init?(_ chosen: [Fault], numbers: inout SeededNumbers) {
            guard let verb = Verb.allCases.randomElement(using: &numbers) else { return nil }
            var faults: [Step: Fault] = [:]
            for fault in chosen {
                let steps = fault.steps.subtracting([.file]).sorted { $0.rawValue < $1.rawValue }
                if let step = steps.randomElement(using: &numbers) { faults[step] = fault }
            }
            guard !faults.isEmpty else { return nil }
            self.faults = faults
            // A lock asks for no layer.
            self.verb = verb == .lock && faults[.layer] != nil ? .build : verb
        }

        /// Whether the command must notice.
        var isFatal: Bool {
            faults.contains { step, fault in
                // What the lock names by digest needs nobody's word about type and digest.
                fault.outcome == .fatal && (verb == .lock || fault.steps != [.root])
            }
        }

        var description: String {
            "\(verb), " + faults.map { "\($0.key): \($0.value)" }.sorted().joined(separator: "; ")
        }
    }

    struct Figures: Sendable {
        var runs = 0
        var refused = 0
        var slowest = 0.0
        var memory = 0

        mutating func take(_ run: MeasuredRuns.Outcome) {
            runs += 1
            if run.code != 0 { refused += 1 }
            slowest = max(slowest, run.seconds)
            memory = max(memory, run.peak)
        }

        var line: String {
            "\(runs) runs of lock and build before a hostile registry: \(refused) refused, \(runs - refused) with the right "
                + "result, none ended by a signal; the slowest took \(Int(slowest * 1000)) ms; most memory: "
                + "\(memory >> 10) of \(RegistryTrial.memoryLimit) MiB; each built the same archive afterwards"
        }
    }

    /// MiB, as docs/benchmarks.md promises for bundles of any size.
    static let memoryLimit = 128

    private let sample: SampleBundle
    private let images: [HostileRegistry.Image]
    private let lock: [UInt8]
    private let archive: [UInt8]

    /// Builds the bundle from an honest registry.
    init(_ sample: SampleBundle) async throws {
        self.sample = sample
        images = sample.images.map { .init(repository: $0.repository, tag: $0.tag, image: $0.image) }
        let place = try Workplace(sample)
        let registry = HostileRegistry(images, isOpen: true)
        let run = try await place.build(mirror: registry.origin)
        try #require(run.code == 0, "\(run.transcript)")
        lock = try contents(of: place.lock)
        archive = try contents(of: place.output.appending(sample.archive))
    }

    /// Six at a time: most of them wait.
    func run(_ cases: [Case]) async throws -> Figures {
        try await withThrowingTaskGroup(of: MeasuredRuns.Outcome.self) { group in
            var figures = Figures()
            var waiting = cases[...]
            func start() { if let next = waiting.popFirst() { group.addTask { try await run(next) } } }
            for _ in 0..<6 { start() }
            while let run = try await group.next() {
                figures.take(run)
                start()
            }
            return figures
        }
    }

    private func run(_ trial: Case) async throws -> MeasuredRuns.Outcome {
        let place = try Workplace(sample)
        let registry = HostileRegistry(images, faults: trial.faults)
        try place.log(in: registry)
        let patience = ["--timeout", "1", "--retries", "1", "--plain-http", "127.0.0.1"]
        var arguments = ["lock", place.bundle.string, "--mirror", "docker.io=\(registry.origin)"] + patience
        if trial.verb != .lock {
            try write(lock, to: place.lock)
            let more = trial.verb == .build ? [] : ["--no-cache"]
            arguments = place.buildArguments(mirror: registry.origin, patience + more)
        }
        let run = try await MeasuredRuns.sealift(arguments, in: place)
        let comment: Comment = "\(trial): \(run.code)\n\(run.text.prefix(2000))"
        #expect([0, 65, 69, 77].contains(run.code), comment)
        #expect(!trial.isFatal || run.code != 0, comment)
        #expect(run.peak <= Self.memoryLimit << 10, "\(trial): \(run.peak) KiB")
        #expect(!run.text.unicodeScalars.contains { $0 != "\n" && "\($0)".printable() != "\($0)" }, comment)
        #expect(!run.text.contains(HostileRegistry.canary), comment)
        #expect(registry.leaks.isEmpty, comment)
        if run.code != 0 {
            #expect(run.text.contains("error: ") && run.text.contains("hint: "), comment)
            // The registry, or who it says has tokens.
            #expect(run.text.contains("127.0.0.1") || run.text.contains("elsewhere.invalid"), comment)
            #expect(sample.images.contains { run.text.contains($0.repository) }, comment)
            #expect(place.names(in: place.output).isEmpty, comment)
            #expect(trial.verb != .lock || !exists(place.lock), comment)
        }
        for path in try place.wrongBlobs() { Issue.record("\(trial): \(path) is not what its name says") }
        try await succeedAfterwards(in: place, registry, trial)
        return run
    }

    private func succeedAfterwards(in place: Workplace, _ registry: HostileRegistry, _ trial: Case) async throws {
        registry.becomeHonest()
        let run = try await place.build(mirror: registry.origin, ["--force"])
        #expect(run.code == 0, "\(trial), afterwards: \(run.transcript)")
        #expect(try contents(of: place.output.appending(sample.archive)) == archive, "\(trial), afterwards")
        #expect(try contents(of: place.lock) == lock, "\(trial), afterwards")
    }
}

extension Workplace {
    /// Stores the password of `registry`, as `docker login` does.
    func log(in registry: HostileRegistry) throws {
        let secret = Data("\(HostileRegistry.user):\(HostileRegistry.password)".utf8).base64EncodedString()
        try write(
            #"{"auths":{"\#(registry.host)":{"auth":"\#(secret)"}}}"#.utf8, to: file("home/.docker/config.json"))
    }

    /// The blobs of the cache that have not the digest that they are named by.
    func wrongBlobs() throws -> [FilePath] {
        var wrong: [FilePath] = []
        for algorithm in Digest.Algorithm.allCases {
            let folder = cache.appending("blobs").appending(algorithm.rawValue)
            for name in names(in: folder) {
                let path = folder.appending(name)
                if Digest.of(Data(try contents(of: path)), algorithm: algorithm).hex != name { wrong.append(path) }
            }
        }
        return wrong
    }
}
