import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// `build --layers zstd`, from the registry to a container.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct LayerFormTests {
    private struct Summary: Decodable {
        struct Layer: Decodable, Hashable {
            var digest: Digest
            var original: Digest?
            var mediaType: String
        }

        struct Platform: Decodable {
            var manifest: Digest
            var originalManifest: Digest?
            var config: Digest
            var layers: [Layer]
        }

        struct Image: Decodable {
            var reference: String
            var names: [String]
            var digest: Digest
            var original: Digest?
            var platforms: [Platform]
        }

        var images: [Image]
    }

    /// Every kind of image, all on one base; the last two have layers that are zstd before, and ones that are plain tar.
    private static func sample() throws -> SampleBundle {
        var sample = try SampleBundle.runnable()
        let base = [(name: "bin/sh", bytes: try contents(of: "/bin/busybox"))]
        sample.images += [
            .init(
                written: "grafana/grafana:10.1.0", repository: "grafana/grafana", tag: "10.1.0",
                image: try TestImage(seed: 4, base: base, isZstd: true)),
            .init(
                written: "apache/kafka:3.7.0", repository: "apache/kafka", tag: "3.7.0",
                image: try TestImage(layers: [2000, 3_000_000, 0], seed: 5, base: base, isPlain: true)),
        ]
        return sample
    }

    private func summary(_ archive: FilePath, in place: Workplace) async throws -> Summary {
        let run = try await place.run([Executables.installer.string, "inspect", archive.string, "--format", "json"])
        try #require(run.code == 0, "\(run.transcript)")
        return try run.decoded(Summary.self)
    }

    @Test func keepsConfigsAndSaysWhatStandsForWhat() async throws {
        let sample = try Self.sample()
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let key = place.file("release")
        _ = try await place.sealift(["keygen", "--output", key.string])
        let run = try await place.build(mirror: registry.mirror, ["--layers", "zstd", "--sign", "\(key).key"])
        try #require(run.code == 0, "\(run.transcript)")
        let archive = place.output.appending(sample.archive)
        for executable in [Executables.sealift, Executables.installer] {
            let verify = try await place.run([executable.string, "verify", archive.string, "--key", "\(key).pub"])
            #expect(verify.code == 0, "\(verify.transcript)")
        }
        let found = try await summary(archive, in: place)
        let text = try await place.sealift(["inspect", archive.string, "--layers"])
        for image in sample.images {
            let shown = try #require(found.images.first { $0.reference == image.name })
            let (platform, manifest) = (try #require(shown.platforms.first), image.image.manifests[0])
            #expect(platform.config == manifest.value.config.digest)
            #expect(platform.layers.allSatisfy { $0.mediaType == "application/vnd.oci.image.layer.v1.tar+zstd" })
            #expect(platform.layers.map { $0.original ?? $0.digest } == manifest.value.layers.map(\.digest))
            let repository = "docker.io/\(image.repository)"
            guard image.repository != "grafana/grafana" else {
                #expect(shown.digest == image.image.root.digest && shown.original == nil)
                continue
            }
            #expect(shown.original == image.image.root.digest && shown.digest != shown.original)
            #expect((platform.originalManifest ?? platform.manifest) == manifest.descriptor.digest)
            let old = image.image.root.digest
            #expect(Set(shown.names) == [image.name, "\(repository)@\(shown.digest)", "\(repository)@\(old)"])
            #expect(text.output.contains("\(shown.digest)  (was \(old))"), "\(text.transcript)")
        }
        let bases = found.images.filter { $0.original != nil }.compactMap { $0.platforms.first?.layers.first }
        #expect(bases.count == 4 && Set(bases).count == 1, "a base that all share is encoded once")
        let lock = try String(decoding: contents(of: place.lock), as: UTF8.self)
        for image in found.images where image.original != nil {
            #expect(lock.contains("digest: \"\(image.digest)\"") || lock.contains("digest: \(image.digest)"))
        }
    }

    @Test func isReproducibleAndDoneOnce() async throws {
        let sample = try Self.sample()
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let kept = try await place.build(mirror: registry.mirror)
        try #require(kept.code == 0, "\(kept.transcript)")
        let archive = place.output.appending(sample.archive)
        let original = try contents(of: archive)
        func build(_ name: String, _ more: [String]) async throws -> [UInt8] {
            let output = place.file(name)
            let run = try await place.build(mirror: registry.mirror, more + ["--output", output.string])
            try #require(run.code == 0, "\(name): \(run.transcript)")
            return try contents(of: output.appending(sample.archive))
        }
        let encoded = try await build("first", ["--layers", "zstd"])
        #expect(encoded != original)
        #expect(try await build("kept", []) == original)
        #expect(try await place.lock(mirror: registry.mirror, ["--check"]).code == 0)
        let cold = ["--layers", "zstd", "--cache", place.file("cold").string, "--jobs", "1"]
        #expect(try await build("cold", cold) == encoded)

        // The registry's layers are not needed any more, and nobody asks for them.
        let layers = sample.images.filter { $0.repository != "grafana/grafana" }
            .flatMap { $0.image.manifests[0].value.layers }
        for layer in layers { unlinkIfThere(place.cache.appending("blobs/sha256").appending(layer.digest.hex)) }
        let asked = layers.map { registry.requests(for: $0.digest).count }
        #expect(try await build("again", ["--layers", "zstd"]) == encoded)
        #expect(layers.map { registry.requests(for: $0.digest).count } == asked)

        // A damaged one is made again.
        let found = try await summary(place.file("again").appending(sample.archive), in: place)
        let made = try #require(found.images.first { $0.original != nil }?.platforms.first?.layers.last)
        let path = place.cache.appending("blobs/sha256").appending(made.digest.hex)
        var bytes = try contents(of: path)
        bytes[bytes.count / 2] ^= 1
        try write(bytes, to: path)
        #expect(try await build("mended", ["--layers", "zstd"]) == encoded)
        #expect(try contents(of: path) != bytes)
    }

    @Test func refusesALayerThatIsNotWhatTheConfigSays() async throws {
        let image = try TestImage(layers: [2000, 5000, 9000])
        func text(_ layer: Descriptor) -> String {
            #""digest":"\#(layer.digest)","mediaType":"\#(layer.mediaType.rawValue)","size":\#(layer.size)"#
        }
        let layers = image.manifests[0].value.layers
        let swapped = image.forged {
            $0.replacing(text(layers[1]), with: "-").replacing(text(layers[2]), with: text(layers[1]))
                .replacing("{-}", with: "{\(text(layers[2]))}")
        }
        let sample = SampleBundle(images: [
            .init(written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0", image: swapped)
        ])
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let run = try await place.build(mirror: registry.mirror, ["--layers", "zstd"])
        #expect(run.code == 65, "\(run.transcript)")
        #expect(
            run.errors.contains("of docker.io/library/busybox:1.35.0 anew: its config says that its content is"),
            "\(run.transcript)")
        #expect(place.names(in: place.output).isEmpty)
    }

    @Test func needsTheCache() async throws {
        let place = try Workplace(.tiny())
        let run = try await place.build(mirror: "http://127.0.0.1:9", ["--layers", "zstd", "--no-cache"])
        #expect(run.code == 64 && run.errors.contains("leave out --no-cache"), "\(run.transcript)")
    }

    @Test(
        .enabled(if: Containerd.isInstalled && Executables.isRoot, "needs root, containerd, ctr, runc and zstd"))
    func containerdResolvesTheOldNamesAndTheNew() async throws {
        let sample = try Self.sample()
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let build = try await place.build(mirror: registry.mirror, ["--layers", "zstd"])
        try #require(build.code == 0, "\(build.transcript)")
        let archive = place.output.appending(sample.archive)
        let found = try await summary(archive, in: place)
        let run = try await Containerd.run(
            in: place,
            """
            "$2" import "$1" --address "$folder/socket" >&2
            "$2" verify "$1" --node --address "$folder/socket" >&2
            ctr images check | grep -c ' complete' >&2
            ctr images ls | awk 'NR > 1 && $1 !~ /^sha256:/ {print "record", $1, $3}'
            for image in "${@:3}"; do
                ctr run --rm "$image" "sealift-$$-$RANDOM" /bin/sh -c 'echo "it runs: $((6 * 7))"' </dev/null
            done
            """, [archive.string, Executables.installer.string] + found.images.flatMap(\.names))
        try #require(run.code == 0, "\(run.transcript)")
        let records = found.images.flatMap { image in image.names.map { "record \($0) \(image.digest)" } }
        #expect(run.lines.filter { $0.hasPrefix("record") }.sorted() == records.sorted())
        #expect(run.lines.filter { $0 == "it runs: 42" }.count == records.count)
    }

    @Test(.enabled(if: Executables.areInstalled("skopeo", "zstd"), "needs skopeo and zstd"))
    func skopeoReadsAndCopiesIt() async throws {
        let sample = try Self.sample()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let build = try await place.build(mirror: registry.mirror, ["--layers", "zstd"])
            try #require(build.code == 0, "\(build.transcript)")
        }
        let archive = place.output.appending(sample.archive)
        for image in try await summary(archive, in: place).images {
            for name in image.names {
                let run = try await place.shell(
                    """
                    skopeo inspect --raw "oci-archive:$1:$2" | sha256sum | cut -c 1-64
                    rm -rf copy
                    skopeo copy -q --insecure-policy --override-arch amd64 "oci-archive:$1:$2" dir:copy
                    ls copy
                    """, archive.string, name)
                #expect(run.code == 0, "\(name): \(run.transcript)")
                #expect(run.lines.first == image.digest.hex, "\(name)")
                #expect(run.lines.contains(image.platforms[0].config.hex), "\(name)")
            }
        }
    }

    private func unlinkIfThere(_ path: FilePath) {
        try? FileManager.default.removeItem(atPath: path.string)  // layers that are shared were removed before
    }
}
