import OCI
import SystemPackage
import TestSupport
import Testing

/// Tags move; a lock doesn't.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct LockCommandTests {
    @Test func checkAndDiffNoticeAMovedTag() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let missing = try await place.lock(mirror: registry.mirror, ["--check"])
            #expect(missing.code == 65, "\(missing.transcript)")
            #expect(!exists(place.lock))

            #expect(try await place.lock(mirror: registry.mirror).code == 0)
            let locked = try contents(of: place.lock)
            let unmoved = try await place.lock(mirror: registry.mirror, ["--check"])
            #expect(unmoved.code == 0, "\(unmoved.transcript)")
            #expect(unmoved.output.isEmpty)
            #expect(try await place.lock(mirror: registry.mirror).errors.contains("up to date"))

            let moved = try TestImage(seed: 99)
            try registry.add(moved, as: "grafana/grafana", tag: "10.1.0")
            let check = try await place.lock(mirror: registry.mirror, ["--check"])
            #expect(check.code == 65)
            #expect(check.errors.contains("run sealift lock"))
            let diff = try await place.lock(mirror: registry.mirror, ["--diff"])
            #expect(diff.code == 0)
            let line =
                "~ docker.io/grafana/grafana:10.1.0  \(sample.images[2].image.root.digest) -> \(moved.root.digest)"
            #expect(diff.lines == [line])
            #expect(check.lines == [line])
            #expect(try contents(of: place.lock) == locked)

            #expect(try await place.lock(mirror: registry.mirror).lines == [line])
            #expect(try await place.lock(mirror: registry.mirror, ["--check"]).code == 0)
        }
    }

    @Test func aBuildAfterATagMovedPacksWhatIsLocked() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            #expect(try await place.build(mirror: registry.mirror).code == 0)
            let expected = try contents(of: place.output.appending(sample.archive))
            try registry.add(TestImage(seed: 99), as: "grafana/grafana", tag: "10.1.0")
            let again = try await place.build(mirror: registry.mirror, ["--force", "--no-cache"])
            #expect(again.code == 0, "\(again.transcript)")
            #expect(try contents(of: place.output.appending(sample.archive)) == expected)
        }
    }

    @Test func saysWhatATagIsNowWhereTheLockedContentIsGone() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            #expect(try await place.lock(mirror: registry.mirror).code == 0)
        }
        try await DockerRegistry.with(.plain) { registry in
            var later = sample
            later.images[2].image = try TestImage(seed: 99)
            try later.publish(to: registry)
            let run = try await place.build(mirror: registry.mirror, ["--no-cache"])
            #expect(run.code == 65, "\(run.transcript)")
            #expect(run.errors.contains("docker.io/grafana/grafana:10.1.0"))
            #expect(run.errors.contains("\(sample.images[2].image.root.digest)"))
            #expect(run.errors.contains("the tag is \(later.images[2].image.root.digest) now"))
            #expect(place.names(in: place.output).isEmpty)
        }
    }

    @Test func severalBundlesShareOneLock() async throws {
        var sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        let images = sample.images
        let lock = place.file("bundles/images.lock")
        sample.images = Array(images.prefix(2))
        sample.name = "one"
        try sample.write(to: place.file("bundles/one"))
        sample.images = Array(images.dropFirst())
        sample.name = "two"
        try sample.write(to: place.file("bundles/two"))
        sample.images = images
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            func call(_ verb: String, _ name: String, _ more: [String] = []) async throws -> SealiftRun {
                try await place.sealift(
                    [verb, place.file("bundles/\(name)").string, "--mirror", "docker.io=\(registry.mirror)", "--lock"]
                        + [lock.string] + more)
            }
            #expect(try await call("lock", "one").code == 0)
            #expect(try await call("lock", "two").code == 0)
            // Found above the bundle's folder, without being named.
            let found = try await place.sealift(
                ["lock", place.file("bundles/one").string, "--check", "--mirror", "docker.io=\(registry.mirror)"])
            #expect(found.code == 0, "\(found.transcript)")
            #expect(place.names(in: place.file("bundles/one")) == ["bundle.yaml", "manifests"])
            let text = String(decoding: try contents(of: lock), as: UTF8.self)
            for image in images {
                #expect(text.contains("\(image.image.root.digest)"), "\(image.name)")
            }
            #expect(try await call("lock", "one", ["--check"]).code == 0)
            #expect(try await call("lock", "two", ["--check"]).code == 0)
        }
    }
}
