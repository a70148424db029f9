import BundleFormat
import Testing

@testable import Preflight

@Suite struct CapacityTests {
    @Test(
        arguments: [
            (0, PreflightReport.Status.pass), (3000, .pass), (3001, .warn), (4000, .warn), (4001, .fail), (.max, .fail),
        ] as [(Int64, PreflightReport.Status)]) func cpu(_ requested: Int64, _ status: PreflightReport.Status)
        async throws
    {
        var host = try FakeHost()
        host.needs.workloads.cpuMillis = requested
        #expect(try await host.check(.cpu).status == status)
    }

    @Test func cpuSaysHowManyThereAreAndHowManyAreNeeded() async throws {
        var host = try FakeHost()
        host.needs.workloads.cpuMillis = 5250
        let check = try await host.check(.cpu)
        #expect(check.measured == "4 cores")
        #expect(check.need == "6.3 cores requested, 1 of it by Kubernetes")
        host.needs.distribution = nil
        #expect(try await host.check(.cpu).need == "5.3 cores requested")
        try host.remove("/proc/stat")
        #expect(try await host.check(.cpu).status == .warn)
    }

    /// A host of 16.4 GB, of which 15.4 are available.
    @Test(
        arguments: [
            (1, 1, false, PreflightReport.Status.pass), (14, 14, false, .pass), (15, 15, false, .warn),
            (15, 15, true, .pass), (16, 16, false, .fail), (16, 16, true, .fail), (1, 20, false, .warn),
        ] as [(Int64, Int64, Bool, PreflightReport.Status)]) func memory(
            _ requested: Int64, _ limit: Int64, _ isInstalled: Bool, _ status: PreflightReport.Status
        ) async throws
    {
        var host = try FakeHost()
        host.options.isInstalled = isInstalled
        host.needs.workloads.memoryBytes = requested * 1_000_000_000
        host.needs.workloads.memoryLimitBytes = limit * 1_000_000_000
        #expect(try await host.check(.memory).status == status)
    }

    @Test(arguments: [
        "", "MemTotal: lots kB\n", "MemTotal: 5 kB\n", "MemTotal:\n:\n\n", "MemTotal: -5 kB\nMemFree: 1 kB\n",
    ])
    func memoryThatCantBeReadIsNotEnough(_ text: String) async throws {
        let host = try FakeHost()
        try host.set("/proc/meminfo", text)
        #expect(try await host.check(.memory).status == .fail)
    }

    @Test func memoryInformation() {
        let parsed = MemoryInformation(
            parsing: "MemTotal: 2 kB\nHugePages_Total: 3\nBig: 9223372036854775807 kB\nBad 4 kB\n")
        #expect(parsed["MemTotal"] == 2048)
        #expect(parsed["HugePages_Total"] == 3)
        #expect(parsed["Big"] == nil)
        #expect(parsed["Bad"] == nil)
    }

    @Test func swap() async throws {
        let host = try FakeHost()
        try host.set(
            "/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 2000000 0 -2\n/x file 1 0 -3\n")
        let check = try await host.check(.swap)
        #expect(check.status == .warn)
        #expect(check.measured == "2 GB")
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1250, "1.3 kB"), (999_949, "999.9 kB"), (999_950, "1 MB"),
            (16_384_000_000, "16.4 GB"), (.max, "9.2 EB"), (-1500, "-1.5 kB"),
        ] as [(Int64, String)]) func bytes(_ count: Int64, _ text: String)
    { #expect(shownBytes(count) == text) }
}
