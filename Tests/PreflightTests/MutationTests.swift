import BundleFormat
import Testing

@testable import Preflight

@Suite struct MutationTests {
    /// Every file that is read, with bytes changed, cut out and repeated: each check comes to some result.
    @Test func noFileCanBringPreflightDown() async throws {
        var random = Seeded(state: 7)
        for round in 0..<60 {
            var host = try FakeHost()
            host.needs.workloads.hostPaths = [.init(path: "/tmp/x", owner: "x")]
            host.options.isInstalled = round % 2 == 0
            host.options.nodeAddress = round % 3 == 0 ? "192.0.2.2" : nil
            try host.set("/etc/tmpfiles.d/x.conf", "D /tmp 1777 root root 10d\n")
            for path in FakeHost.paths {
                var bytes = Array((host.options.host.text(path) ?? "").utf8)
                for _ in 0..<Int.random(in: 0...6, using: &random) where !bytes.isEmpty {
                    let place = bytes.indices.randomElement(using: &random) ?? 0
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.removeSubrange(place..<min(place + 5, bytes.count))
                    case 2: bytes.insert(contentsOf: bytes[place..<min(place + 9, bytes.count)], at: place)
                    case 3: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: place)
                    default: bytes.removeSubrange(place...)
                    }
                }
                try host.set(path, bytes: bytes)
            }
            let report = await host.report()
            #expect(report.checks.count == CheckName.allCases.count)
            #expect(report.checks.allSatisfy { !$0.measured.isEmpty })
        }
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
