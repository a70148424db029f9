import BundleFormat
import SystemPackage
import TestSupport
import Testing

/// What the connected side tells the isolated one beside the images.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct DescriptionTests {
    @Test func theBundleSaysWhatItsPodsAskFor() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let run = try await place.build(mirror: registry.mirror)
            try #require(run.code == 0, "\(run.transcript)")
        }
        let bundle = try BundleReader(opening: place.output.appending(sample.archive))
        // One Job each, with limits and no requests: 100m and 32Mi.
        let jobs = Int64(sample.images.count)
        let asked = bundle.description.requirements
        #expect(asked == Requirements(cpuMillis: 100 * jobs, memoryBytes: jobs << 25, memoryLimitBytes: jobs << 25))
    }
}
