import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// The packages of this machine: as real as it gets.
private let database = "/var/lib/dpkg/status"

/// The bill of materials, from `build` to `inspect --sbom`.
@Suite(.enabled(if: Executables.areThere && FileManager.default.fileExists(atPath: database), Executables.need))
struct BillTests {
    private struct Bill: Decodable {
        struct Component: Decodable {
            var name: String
            var version: String?
            var purl: String?
            var components: [Component]?
        }

        var specVersion: String
        var components: [Component]
    }

    private static func sample() throws -> SampleBundle {
        let base: [(name: String, bytes: [UInt8])] = [
            ("etc/os-release", try contents(of: "/etc/os-release")),
            ("var/lib/dpkg/status", try contents(of: FilePath(database))),
        ]
        return SampleBundle(images: [
            .init(written: "debian:12", repository: "library/debian", tag: "12", image: try TestImage(base: base)),
            .init(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(layers: [2000, 300_000, 90_000], seed: 9)),
        ])
    }

    @Test func listsWhatIsInTheLayersHoweverTheBundleIsBuilt() async throws {
        let sample = try Self.sample()
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let first = try await place.build(mirror: registry.mirror)
        try #require(first.code == 0, "\(first.transcript)")
        let archive = place.output.appending(sample.archive)
        let expected = try contents(of: archive)

        let printed = try await place.sealift(["inspect", archive.string, "--sbom"])
        #expect(printed.code == 0, "\(printed.transcript)")
        let bill = try printed.decoded(Bill.self)
        #expect(bill.specVersion == "1.6")
        let image = try #require(bill.components.first { $0.name == "docker.io/library/debian" })
        let listed = (image.components ?? []).filter { $0.purl?.hasPrefix("pkg:deb/debian/") == true }
        let installed = try await place.shell(
            #"dpkg-query --admindir /var/lib/dpkg -W -f '${db:Status-Status} ${Package} ${Version}\n' | sed -n 's/^installed //p'"#
        )
        #expect(listed.map { "\($0.name) \($0.version ?? "")" }.sorted() == installed.lines.sorted())
        #expect(listed.count > 50)

        // What was found is kept; where it is damaged or gone, the layers are read again.
        let kept = try FileManager.default.contentsOfDirectory(atPath: place.file("cache/sealift/packages").string)
        #expect(kept.count == 5)
        for (index, name) in kept.sorted().enumerated() {
            let path = place.file("cache/sealift/packages/\(name)")
            var bytes = try contents(of: path)
            if index % 2 == 0 { bytes[bytes.count - 3] ^= 1 } else { bytes = [] }
            try write(bytes, to: path)
        }
        for (number, way) in [[], ["--no-cache"], ["--cache", place.file("cold").string, "--jobs", "1"]].enumerated() {
            let output = place.file("again-\(number)")
            let run = try await place.build(mirror: registry.mirror, way + ["--output", output.string])
            #expect(run.code == 0, "\(way): \(run.transcript)")
            #expect(try contents(of: output.appending(sample.archive)) == expected, "\(way)")
        }
        let pruned = try await place.sealift(["cache", "prune"])
        #expect(pruned.code == 0, "\(pruned.transcript)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.file("cache/sealift/packages").string) == [])
    }

    @Test(.enabled(if: Executables.validator != nil, "needs $SEALIFT_CYCLONEDX_VALIDATE"))
    func fitsTheSchema() async throws {
        let bundle = try await PackedBundle(Self.sample())
        let run = try await bundle.place.shell(
            #""$1" inspect "$2" --sbom > "$3" && "$4" "$3""#, Executables.installer.string, bundle.archive.string,
            bundle.place.file("sbom.json").string, Executables.validator ?? "")
        #expect(run.code == 0, "\(run.transcript)")
    }

    @Test func canBeLeftOut() async throws {
        let sample = try Self.sample()
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let run = try await place.build(mirror: registry.mirror, ["--no-sbom"])
        try #require(run.code == 0, "\(run.transcript)")
        let archive = place.output.appending(sample.archive).string
        let verify = try await place.sealift(["verify", archive])
        #expect(verify.code == 0, "\(verify.transcript)")
        for executable in [Executables.sealift, Executables.installer] {
            let printed = try await place.run([executable.string, "inspect", archive, "--sbom"])
            #expect(printed.code == 65 && printed.transcript.contains("has no bill of materials"))
        }
        let listing = try await place.shell(#"tar --zstd -tf "$1""#, archive)
        #expect(!listing.lines.contains { $0.hasPrefix("sbom") } && listing.lines.contains("index.json"))
    }

    @Test func isSignedByTheSameKey() async throws {
        let bundle = try await PackedBundle(Self.sample())
        let place = bundle.place
        _ = try await place.sealift(["keygen", "--output", place.file("release").string])
        let signed = place.file("signed.tar.zst").string
        let signing = try await place.sealift(
            ["sign", bundle.archive.string, "--key", place.file("release.key").string, "--output", signed])
        try #require(signing.code == 0, "\(signing.transcript)")
        let check = try await place.shell(
            """
            cd "$3" && tar --zstd -xf "$1" sbom.cdx.json sbom.cdx.json.sig && base64 -d sbom.cdx.json.sig > sig &&
                openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in sbom.cdx.json -sigfile sig
            """, signed, place.file("release.pub").string, place.file("tmp").string)
        #expect(check.code == 0, "\(check.transcript)")
        for executable in [Executables.sealift, Executables.installer] {
            let verify = try await place.run(
                [executable.string, "verify", signed, "--key", place.file("release.pub").string])
            #expect(verify.code == 0, "\(verify.transcript)")
        }
    }
}
