import Glibc
import OCI
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Whatever ends a build, the next one goes on where it stopped.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct InterruptionTests {
    private static let size = 3_000_000

    /// Starts a build, ends it by `signal` when half of the large layer has come, and builds again.
    private func interrupt(
        by signal: Subprocess.Signal, check: (Workplace, SealiftRun) throws -> Void
    ) async throws {
        let sample = try SampleBundle.large(Self.size)
        let layer = sample.images[0].image.largestLayer
        let place = try Workplace(sample)
        let dripping = Atomic(true)
        let registry = ScriptedRegistry(sample) { descriptor, bytes, _, connection in
            guard descriptor.digest == layer.digest, dripping.load(ordering: .acquiring) else { return false }
            connection.head(200, ["Content-Length": "\(bytes.count)"])
            connection.send(Array(bytes[..<(bytes.count / 2)]))
            connection.waitForClose()
            return true
        }
        let partial = place.cache.appending("ingest/sha256-\(layer.digest.hex)")
        let run = try await place.sealift(place.buildArguments(mirror: registry.mirror)) { send in
            for _ in 0..<600 where (try? contents(of: partial).count) ?? 0 < 1_000_000 {
                try await Task.sleep(for: .milliseconds(50))
            }
            try send(signal)
        }
        try check(place, run)
        #expect(!exists(place.output.appending(sample.archive)))
        let kept = try contents(of: partial)
        #expect(kept.count > 0)
        #expect(kept[...] == sample.images[0].image.bytes(of: layer)[..<kept.count])

        dripping.store(false, ordering: .releasing)
        let again = try await place.build(mirror: registry.mirror)
        #expect(again.code == 0, "\(again.transcript)")
        #expect(registry.requests(for: layer.digest).last?.rangeStart == kept.count)
        #expect(!exists(partial))
        let verified = try await place.sealift(["verify", place.output.appending(sample.archive).string])
        #expect(verified.code == 0, "\(verified.transcript)")
    }

    @Test(arguments: [Subprocess.Signal.interrupt, .terminate])
    func aSignalLeavesNothingButThePartialLayer(_ signal: Subprocess.Signal) async throws {
        try await interrupt(by: signal) { place, run in
            #expect(run.code == 130, "\(run.transcript)")
            #expect(run.errors.contains("error: interrupted"))
            #expect(place.names(in: place.output).isEmpty)
        }
    }

    @Test func aKilledBuildIsCompletedByTheNext() async throws {
        try await interrupt(by: .kill) { _, run in #expect(run.code == 128 + 9) }
    }

    @Test func twoBuildsAtOnceShareACache() async throws {
        let sample = try SampleBundle.large(Self.size)
        let layer = sample.images[0].image.largestLayer
        let (one, other) = (try Workplace(sample), try Workplace(sample))
        let registry = ScriptedRegistry(sample) { descriptor, bytes, _, connection in
            guard descriptor.digest == layer.digest else { return false }
            // Slow enough for the two to meet.
            connection.head(200, ["Content-Length": "\(bytes.count)"])
            for start in stride(from: 0, to: bytes.count, by: 300_000) {
                usleep(100_000)
                guard connection.send(Array(bytes[start..<min(start + 300_000, bytes.count)])) else { break }
            }
            return true
        }
        #expect(try await one.lock(mirror: registry.mirror).code == 0)
        try write(contents(of: one.lock), to: other.lock)
        let cache = ["--cache", one.cache.string]
        async let first = one.build(mirror: registry.mirror, cache)
        async let second = other.build(mirror: registry.mirror, cache)
        for run in try await [first, second] { #expect(run.code == 0, "\(run.transcript)") }
        let same =
            try contents(of: one.output.appending(sample.archive))
            == contents(of: other.output.appending(sample.archive))
        #expect(same)
        #expect(registry.requests(for: layer.digest).count == 1)
    }
}
