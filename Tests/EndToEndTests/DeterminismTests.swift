import SystemPackage
import TestSupport
import Testing

/// The same lock gives the same archive, byte for byte, however it is built.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct DeterminismTests {
    @Test func sameLockSameBytes() async throws {
        let sample = try SampleBundle.ordinary()
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let place = try Workplace(sample)
            let first = try await place.build(mirror: registry.mirror, ["--jobs", "6"])
            try #require(first.code == 0, "\(first.transcript)")
            #expect(first.lines.last == place.output.appending(sample.archive).string)
            let expected = try contents(of: place.output.appending(sample.archive))
            let ways: [(name: String, options: [String])] = [
                ("warm cache, one job", ["--jobs", "1"]),
                ("warm cache, many jobs", ["--jobs", "16"]),
                ("cold cache, one job", ["--jobs", "1", "--cache", place.file("cold-1").string]),
                ("cold cache, six jobs", ["--jobs", "6", "--cache", place.file("cold-6").string]),
                ("no cache, one job", ["--jobs", "1", "--no-cache"]),
                ("no cache, six jobs", ["--jobs", "6", "--no-cache"]),
            ]
            for (index, way) in ways.enumerated() {
                let output = place.file("elsewhere/\(index)")
                let run = try await place.build(mirror: registry.mirror, way.options + ["--output", output.string])
                #expect(run.code == 0, "\(way.name): \(run.transcript)")
                #expect(try contents(of: output.appending(sample.archive)) == expected, "\(way.name)")
            }
        }
    }

    @Test func anotherUserWithTheSameLockGetsTheSameBytes() async throws {
        let sample = try SampleBundle.ordinary()
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let (one, other) = (try Workplace(sample), try Workplace(sample))
            #expect(try await one.build(mirror: registry.mirror).code == 0)
            try write(contents(of: one.lock), to: other.lock)
            #expect(try await other.build(mirror: registry.mirror, ["--no-cache"]).code == 0)
            for name in [sample.archive, sample.archive + ".sha256", "sealift-installer"] {
                let same =
                    try contents(of: one.output.appending(name)) == contents(of: other.output.appending(name))
                #expect(same, "\(name)")
            }
        }
    }
}
