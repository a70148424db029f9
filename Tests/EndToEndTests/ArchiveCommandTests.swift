import OCI
import SystemPackage
import TestSupport
import Testing

/// `verify` and `inspect`, on both sides of the air gap.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct ArchiveCommandTests {
    private struct Report: Decodable {
        var members: Int
        var images: Int
        var names: Int
        var faults: [Fault]
    }

    private struct Fault: Decodable {
        var member: String
        var images: [String]
    }

    private struct Summary: Decodable {
        struct Image: Decodable {
            var reference: String
            var names: [String]
            var digest: Digest
        }

        struct File: Decodable {
            var name: String
        }

        var name: String
        var version: String
        var images: [Image]
        var files: [File]
    }

    /// Builds with the real installer.
    private func built(_ sample: SampleBundle) async throws -> (Workplace, FilePath) {
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let run = try await place.build(mirror: registry.mirror, installer: Executables.installer)
            try #require(run.code == 0, "\(run.transcript)")
        }
        return (place, place.output.appending(sample.archive))
    }

    @Test func bothExecutablesProveAndShowABundle() async throws {
        let sample = try SampleBundle.ordinary()
        let (place, archive) = try await built(sample)
        let installer = place.output.appending("sealift-installer")
        #expect(try contents(of: installer) == contents(of: Executables.installer))
        for executable in [Executables.sealift, installer] {
            let verified = try await place.run([executable.string, "verify", archive.string])
            #expect(verified.code == 0, "\(verified.transcript)")
            #expect(verified.output.hasPrefix("ok: "))
            let report = try await place.run([executable.string, "verify", "--format", "json", archive.string])
                .decoded(Report.self)
            #expect(report.faults.isEmpty)
            #expect(report.images == sample.images.count)
            #expect(report.names == 2 * sample.images.count)

            let shown = try await place.run([executable.string, "inspect", "--layers", archive.string])
            #expect(shown.code == 0, "\(shown.transcript)")
            for image in sample.images { #expect(shown.output.contains(image.name)) }
            let summary = try await place.run([executable.string, "inspect", "--format", "json", archive.string])
                .decoded(Summary.self)
            #expect(summary.name == "sample")
            #expect(summary.version == "1.0.0")
            #expect(summary.images.map(\.digest).sorted() == sample.images.map(\.image.root.digest).sorted())
            for image in sample.images { #expect(summary.images.contains { $0.names.contains(image.name) }) }
            #expect(summary.files.contains { $0.name == "images.lock" })
            #expect(summary.files.contains { $0.name == "sealift-installer-linux-amd64" })
        }
    }

    @Test func bothExecutablesNameADamagedLayerAndWhoNeedsIt() async throws {
        let sample = try SampleBundle.large(6_000_000)
        let (place, archive) = try await built(sample)
        var bytes = try contents(of: archive)
        // The layer is stored as it is, so its bytes can be found; these are beyond the frame that its header is in.
        let layer = sample.images[0].image.largestLayer
        let content = sample.images[0].image.bytes(of: layer)
        let late = Array(content[5_500_000..<5_500_032])
        let position = try #require(
            bytes.indices.dropFirst(5_500_000).first { bytes[$0] == late[0] && bytes[$0...].starts(with: late) })
        bytes[position] ^= 0x40
        let damaged = place.file("damaged.tar.zst")
        try write(bytes, to: damaged)
        for executable in [Executables.sealift, Executables.installer] {
            let run = try await place.run([executable.string, "verify", "--format", "json", damaged.string])
            #expect(run.code == 65, "\(run.transcript)")
            #expect(run.errors.contains("damaged"))
            try #require(run.output.hasPrefix("{"), "\(run.transcript)")
            let report = try run.decoded(Report.self)
            #expect(report.faults.map(\.member) == ["blobs/sha256/\(layer.digest.hex)"])
            #expect(report.faults.first?.images.contains { $0.contains("apache/nifi") } == true)
        }
    }

    @Test func whatIsNoBundleIsRefused() async throws {
        let sample = try SampleBundle.ordinary()
        let (place, archive) = try await built(sample)
        try write(contents(of: archive).prefix(100_000), to: place.file("cut.tar.zst"))
        try write([], to: place.file("empty.tar.zst"))
        for executable in [Executables.sealift, Executables.installer] {
            for verb in ["verify", "inspect"] {
                for (name, code) in [("cut.tar.zst", 65), ("empty.tar.zst", 65), ("absent.tar.zst", 66)] {
                    let run = try await place.run([executable.string, verb, place.file(name).string])
                    #expect(run.code == code, "\(verb) \(name): \(run.transcript)")
                    #expect(run.errors.contains(name) && run.errors.contains("hint: "), "\(run.errors)")
                }
            }
        }
    }

    @Test(.enabled(if: Executables.isRoot, "chroot needs root"))
    func theInstallerNeedsNothingButItselfAndTheBundle() async throws {
        let sample = try SampleBundle.ordinary()
        let (place, archive) = try await built(sample)
        let run = try await place.shell(
            """
            mkdir -p root/proc
            cp "$1" root/bundle.tar.zst
            cp "$2" root/sealift-installer
            for verb in verify inspect; do
                unshare --mount --net /bin/sh -c \\
                    'mount -t proc proc root/proc && exec chroot root /sealift-installer "$1" /bundle.tar.zst' sh "$verb"
            done
            """, archive.string, place.output.appending("sealift-installer").string)
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.output.hasPrefix("ok: sample 1.0.0: 4 images"))
        #expect(run.output.contains("docker.io/apache/kafka:3.7.0"))
    }
}
