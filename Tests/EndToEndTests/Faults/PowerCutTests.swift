import HostileBundles
import OCI
import SystemPackage
import TestSupport
import Testing

/// The power goes: of what was not synced each page, length and name may be there or not, in any combination. A run is
/// recorded once, and the disk is made anew as it may be after any moment of it.
@Suite(.serialized, .enabled(if: FaultyDisk.isAvailable, FaultyDisk.need))
struct PowerCutTests {
    @Test func builder() async throws {
        let sample = try SampleBundle.ordinary()
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let scenarios = try await FaultScenario.all(registry, sample)
        let count = max(2, TortureAmount.given("POWER_CUTS", 25) / scenarios.count)
        var sizes: [String] = []
        for (number, scenario) in scenarios.enumerated() {
            let salt = 500 + UInt64(number)
            // A third when all was done: what was said to be done must be there.
            let (report, changes) = (scenario.report, scenario.report.changes)
            let moments =
                TortureAmount.points(count * 2 / 3, upTo: changes, near: report.syncs.map(\.change), salt: salt)
                + [Int](repeating: changes, count: count - count * 2 / 3)
            for (turn, moment) in moments.enumerated() {
                let seed = TortureAmount.seed &* 7919 &+ salt &* 10_000 &+ UInt64(turn)
                let what = "power cut after \(moment) of \(changes) changes, seed \(seed)"
                try await scenario.disk.cut(after: moment, seed: seed % (1 << 40), log: scenario.log)
                try scenario.expectWhole(what, hasEnded: moment == changes, mayLoseCache: true)
                try await scenario.expectRepairedByRunningAgain(what, mayLoseCache: true)
            }
            sizes.append("\(scenario.name) \(moments.count) of \(changes) changes")
        }
        print("torture: power cuts, seed \(TortureAmount.seed): \(sizes.joined(separator: ", "))")
    }

    /// Keys, which are different each time: both are there, or none, or the private one alone; and each is whole.
    @Test func keygen() async throws {
        let place = try Workplace(.tiny())
        let disk = FaultyDisk(place)
        try disk.keep()
        let command = [Executables.sealift.string, "keygen", "--output", place.file("mine").string]
        let (run, report) = try await disk.run(command)
        try #require(run.code == 0, "\(run.transcript)")
        let log = try disk.keepLog()
        let count = max(4, TortureAmount.given("POWER_CUTS", 25) / 5)
        for (turn, moment) in TortureAmount.points(count, upTo: report.changes, salt: 600).enumerated() {
            try await disk.cut(after: moment, seed: TortureAmount.seed &+ UInt64(turn), log: log)
            try await expectKeys(place, command, "power cut after \(moment)", hasEnded: moment == report.changes)
        }
        for point in TortureAmount.points(count, upTo: report.requests, salt: 601) {
            let run = try await disk.run(command, .init(kill: point, late: point.isMultiple(of: 2))).run
            try await expectKeys(place, command, "killed at \(point)", hasEnded: run.code == 0)
        }
        print("torture: keygen, seed \(TortureAmount.seed): \(count) power cuts, \(count) times killed")
    }

    private func expectKeys(_ place: Workplace, _ command: [String], _ what: String, hasEnded: Bool) async throws {
        let (key, half) = (place.file("mine.key"), place.file("mine.pub"))
        #expect(!exists(half) || exists(key), "\(what): the public key came first")
        #expect(!hasEnded || exists(half), "\(what): it was said to be there")
        if exists(key) {
            let derived = try await place.shell(#"openssl pkey -in "$1" -pubout"#, key.string)
            #expect(derived.code == 0, "\(what): \(derived.transcript)")
            if exists(half) { #expect(Array(derived.output.utf8) == (try contents(of: half)), "\(what)") }
            return
        }
        let again = try await place.run(command)
        #expect(again.code == 0, "\(what): \(again.transcript)")
        let hidden = place.names(in: place.file("")).filter { $0.hasPrefix(".mine") }
        #expect(hidden == [], "\(what)")
    }
}
