import Glibc
import HostileBundles
import SystemPackage
import TestSupport
import Testing

/// The builder is killed, its disk is full, fails or does things by halves: nothing partial under a final name, nothing
/// old lost, and the same command ends as if nothing had been. `$SEALIFT_TORTURE_*` make it long.
@Suite(.serialized, .enabled(if: FaultyDisk.isAvailable, FaultyDisk.need))
struct BuilderFaultTests {
    /// One fault in one scenario: what went wrong, or `nil` where the run was over before.
    private typealias Trial = @Sendable (FaultScenario, Int) async throws -> String?

    @Test func nothingIsLostOrHalved() async throws {
        let sample = try SampleBundle.ordinary()
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let scenarios = try await FaultScenario.all(registry, sample)
        try await killed(scenarios)
        try await full(scenarios)
        try await failing(scenarios)
        try await halfDone(scenarios)
    }

    /// Tries `count` points of every scenario's `size`, those of builds; of other commands an eighth of it.
    private func campaign(
        _ name: String, _ scenarios: [FaultScenario], count: Int, salt: UInt64, of size: (FaultScenario) -> Int,
        _ trial: Trial
    ) async throws {
        let builds = scenarios.filter { $0.name.hasPrefix("build") }
        var (hits, kinds, sizes) = (0, [String: Int](), [String]())
        for (number, scenario) in scenarios.enumerated() {
            let isBuild = scenario.name.hasPrefix("build")
            let share = isBuild ? (count + builds.count - 1) / builds.count : max(1, count / 8)
            for point in TortureAmount.points(share, upTo: size(scenario), salt: salt * 100 + UInt64(number)) {
                guard let hit = try await trial(scenario, point) else { continue }
                hits += 1
                kinds[hit, default: 0] += 1
            }
            sizes.append("\(scenario.name) \(share) of \(size(scenario))")
        }
        let list = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        print(
            "torture: \(name), seed \(TortureAmount.seed): \(hits) hits (\(list.joined(separator: ", "))); points: "
                + sizes.joined(separator: ", "))
        #expect(hits >= count / 2)
    }

    private func killed(_ scenarios: [FaultScenario]) async throws {
        try await campaign(
            "kill -9 by request to the disk", scenarios,
            count: TortureAmount.given("KILLS", 9), salt: 1, of: \.report.requests
        ) { scenario, point in
            let what = "\(scenario.name) killed at request \(point)"
            let (run, report) = try await scenario.disk.run(
                scenario.command, .init(kill: point, late: point.isMultiple(of: 2)))
            // Files are closed by a process that has ended, too.
            let isKilled = run.code == 128 + Int(SIGKILL)
            let hasEnded = run.code == 0 && ["", "close"].contains(report.hit)
            #expect(isKilled || hasEnded, "\(what), \(report.hit): \(run.transcript)")
            try scenario.expectWhole(what, hasEnded: run.code == 0)
            try await scenario.expectRepairedByRunningAgain(what)
            return isKilled ? report.hit : nil
        }
    }

    private func full(_ scenarios: [FaultScenario]) async throws {
        try await campaign(
            "disk full by the byte", scenarios,
            count: TortureAmount.given("FULL_DISKS", 6), salt: 2, of: \.report.added
        ) { scenario, point in
            let what = "\(scenario.name), full after \(point) bytes"
            let (run, report) = try await scenario.disk.run(scenario.command, .init(capacity: point))
            // What only saves work for the next build may go unkept.
            #expect(run.code == 0 || run.code == 74, "\(what): \(run.transcript)")
            if run.code != 0 {
                let isTold = run.errors.contains("No space left on device")
                #expect(isTold && run.errors.contains("hint: free some space"), "\(what): \(run.transcript)")
            }
            try scenario.expectWhole(what, hasEnded: run.code == 0)
            try await scenario.expectRepairedByRunningAgain(what)
            return report.hit.isEmpty ? nil : report.hit
        }
    }

    private func failing(_ scenarios: [FaultScenario]) async throws {
        try await campaign(
            "EIO by request to the disk", scenarios,
            count: TortureAmount.given("DISK_ERRORS", 9), salt: 3, of: \.report.requests
        ) { scenario, point in
            let what = "failing at request \(point)"
            let (run, report) = try await scenario.disk.run(
                scenario.command, .init(fail: point, lasting: point.isMultiple(of: 3) ? true : nil))
            if run.code != 0 {
                #expect((1..<128).contains(run.code) && run.code != 70, "\(scenario.name), \(what): \(run.transcript)")
                #expect(run.errors.contains("error: "), "\(scenario.name), \(what): \(run.transcript)")
            }
            try scenario.expectWhole(what, hasEnded: run.code == 0)
            try await scenario.expectRepairedByRunningAgain(what)
            return report.hit.isEmpty ? nil : report.hit
        }
    }

    private func halfDone(_ scenarios: [FaultScenario]) async throws {
        try await campaign(
            "short reads and writes", scenarios,
            count: TortureAmount.given("SHORT_READS", 3), salt: 4, of: \.report.added
        ) { scenario, point in
            let what = "short by \(point)"
            let (run, _) = try await scenario.disk.run(scenario.command, .init(short: UInt64(point)))
            #expect(run.code == 0, "\(scenario.name), \(what): \(run.transcript)")
            try scenario.expectWhole(what, hasEnded: true)
            return "all"
        }
    }
}
