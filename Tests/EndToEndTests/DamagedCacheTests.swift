import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// A cache that somebody or something has damaged costs time, never correctness.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct DamagedCacheTests {
    enum Damage: CaseIterable {
        case flippedByte, truncated, emptied, grown, removed
    }

    enum Part: CaseIterable {
        case layer, config, manifest
    }

    @Test(arguments: Damage.allCases, Part.allCases)
    func isRepairedByTheNextBuild(_ damage: Damage, _ part: Part) async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        let archive = place.output.appending(sample.archive)
        let image = sample.images[3].image
        let manifest = image.manifests[0]
        let digest =
            switch part {
            case .layer: image.largestLayer.digest
            case .config: manifest.value.config.digest
            case .manifest: manifest.descriptor.digest
            }
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            #expect(try await place.build(mirror: registry.mirror).code == 0)
            let expected = try contents(of: archive)
            let path = place.cache.appending("blobs/sha256/\(digest.hex)")
            let original = try contents(of: path)
            var bytes = original
            switch damage {
            case .flippedByte: bytes[bytes.count / 2] ^= 1
            case .truncated: bytes.removeLast(10)
            case .emptied: bytes = []
            case .grown: bytes.append(0)
            case .removed: try FileManager.default.removeItem(atPath: path.string)
            }
            if damage != .removed { try write(bytes, to: path) }
            let run = try await place.build(mirror: registry.mirror, ["--force"])
            #expect(run.code == 0, "\(run.transcript)")
            if damage == .flippedByte, part == .layer {
                #expect(run.errors.contains("warning: \(path) was damaged in the cache; it is fetched again"))
            }
            #expect(try contents(of: archive) == expected)
            #expect(try contents(of: path) == original)
        }
    }

    @Test func aPartialLayerOfOtherBytesIsNotTakenOver() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        let layer = sample.images[3].image.largestLayer
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let partial = place.cache.appending("ingest/sha256-\(layer.digest.hex)")
            try write(seededBytes(1000, seed: 77), to: partial)
            let run = try await place.build(mirror: registry.mirror)
            #expect(run.code == 0, "\(run.transcript)")
            #expect(!exists(partial))
            #expect(try await place.sealift(["verify", place.output.appending(sample.archive).string]).code == 0)
        }
    }

    @Test func pruneEmptiesTheCache() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            #expect(try await place.build(mirror: registry.mirror).code == 0)
            #expect(!place.names(in: place.cache.appending("blobs/sha256")).isEmpty)
            let run = try await place.sealift(["cache", "prune"])
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.output.hasPrefix("removed "))
            #expect(place.names(in: place.cache.appending("blobs/sha256")).isEmpty)
        }
    }
}
