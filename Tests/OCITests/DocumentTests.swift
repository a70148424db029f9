import FoundationEssentials
import OCI
import Testing

private let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)
private let other = "sha256:" + String(repeating: "fedcba9876543210", count: 4)
private let config = #"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":7}"#
private let layer = #"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"\#(other)","size":9}"#

private func bytes(_ text: String) -> Data { Data(text.utf8) }

@Suite struct DocumentTests {
    @Test func aManifestKeepsItsBytesAndIsKnownByTheirDigest() throws {
        let text = """
            { "schemaVersion" : 2, "config" : \(config),
              "layers":[\(layer)], "unknown": [1, 2] }
            """
        let document = try Document<Manifest>(bytes: bytes(text), mediaType: .ociManifest)
        #expect(document.bytes == bytes(text))
        #expect(document.descriptor.digest == .of(bytes(text)))
        #expect(document.descriptor.size == Int64(text.utf8.count))
        #expect(document.value.config.digest.description == digest)
        #expect(document.value.layers.map(\.size) == [9])
        #expect(document.value.isImage)
    }

    @Test func readsDockerSchema2() throws {
        let text = """
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
             "config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"\(digest)","size":7},
             "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"\(other)","size":9}]}
            """
        let manifest = try Document<Manifest>(bytes: bytes(text), mediaType: .dockerManifest).value
        #expect(manifest.isImage)
        #expect(manifest.layers[0].mediaType.role == .layer)
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("nonsense", "not valid JSON"), ("[]", "wrong type"), ("{", "not valid JSON"),
        ("{}", "schemaVersion is missing"),
        (#"{"schemaVersion":"2","config":\#(config),"layers":[]}"#, "schemaVersion has the wrong type"),
        (#"{"schemaVersion":1,"config":\#(config),"layers":[]}"#, "schemaVersion must be 2"),
        (#"{"schemaVersion":2,"layers":[]}"#, "config is missing"),
        (#"{"schemaVersion":2,"config":\#(config)}"#, "layers is missing"),
        (#"{"schemaVersion":2,"config":null,"layers":[]}"#, "config"),
        (#"{"schemaVersion":2,"config":\#(config),"layers":[{}]}"#, "layers[0].mediaType is missing"),
        (
            #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer),{"mediaType":"a","digest":"\#(digest)"}]}"#,
            "layers[1].size is missing"
        ),
        (
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"\#(digest)","size":-1},"layers":[]}"#,
            "size must not be negative"
        ),
        (
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"\#(digest)","size":1.5},"layers":[]}"#,
            "not valid JSON"
        ),
        (
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"\#(digest)","size":99999999999999999999},"layers":[]}"#,
            "not valid JSON"
        ),
        (
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:../../x","size":1},"layers":[]}"#,
            "exactly 64"
        ),
        (#"{"schemaVersion":2,"config":{"mediaType":"a","digest":"md5:00","size":1},"layers":[]}"#, "sha256 or sha512"),
        (#"{"schemaVersion":2,"config":\#(config),"layers":[],"manifests":[]}"#, "the field of an index"),
        (
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":\#(config),"layers":[]}"#,
            "mediaType must be the descriptor's"
        ),
    ]) func refusesAManifest(_ text: String, _ rule: String) {
        let error = #expect(throws: Malformed.self) {
            try Document<Manifest>(bytes: bytes(text), mediaType: .ociManifest)
        }
        #expect(error?.rule.contains(rule) == true, "\(error?.rule ?? "")")
    }

    @Test(arguments: [MediaType.dockerSchema1, .dockerSchema1Signed, .ociIndex, MediaType(rawValue: "text/plain")])
    func refusesAManifestUnderAnotherMediaType(_ mediaType: MediaType) {
        let error = #expect(throws: Malformed.self) {
            try Document<Manifest>(
                bytes: bytes(#"{"schemaVersion":2,"config":\#(config),"layers":[]}"#), mediaType: mediaType)
        }
        #expect(error?.rule.contains("not the media type of an image manifest") == true)
    }

    @Test func anArtifactIsNoImage() throws {
        let text = """
            {"schemaVersion":2,"artifactType":"application/vnd.example","layers":[],
             "config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\(digest)","size":2}}
            """
        #expect(try !Document<Manifest>(bytes: bytes(text), mediaType: .ociManifest).value.isImage)
    }

    @Test func encodesEqualValuesToEqualBytes() throws {
        let manifest = try Document<Manifest>(
            bytes: bytes(#"{"layers":[\#(layer)],"schemaVersion":2,"config":\#(config)}"#), mediaType: .ociManifest)
        let first = try Document(encoding: manifest.value, mediaType: .ociManifest)
        let second = try Document(encoding: first.value, mediaType: .ociManifest)
        #expect(first.bytes == second.bytes)
        #expect(!String(decoding: first.bytes, as: UTF8.self).contains("\\/"))
    }

    private static func entry(_ platform: String?, _ digest: String, _ type: MediaType = .ociManifest) -> String {
        let platform = platform.map { #","platform":\#($0)"# } ?? ""
        return #"{"mediaType":"\#(type)","digest":"\#(digest)","size":5\#(platform)}"#
    }

    private static func index(_ entries: [String]) throws -> ImageIndex {
        try Document<ImageIndex>(
            bytes: bytes(#"{"schemaVersion":2,"manifests":[\#(entries.joined(separator: ","))]}"#), mediaType: .ociIndex
        ).value
    }

    @Test func anIndexGivesTheManifestOfAPlatform() throws {
        let index = try Self.index([
            Self.entry(#"{"os":"linux","architecture":"arm64","variant":"v8"}"#, digest),
            Self.entry(#"{"os":"linux","architecture":"amd64"}"#, other),
            Self.entry(#"{"os":"linux","architecture":"amd64"}"#, digest),
        ])
        #expect(index.manifest(for: .linuxAMD64)?.digest.description == other, "the first of equal ones")
        #expect(index.manifest(for: .linuxARM64)?.digest.description == digest, "arm64/v8 is arm64")
        #expect(index.manifest(for: Platform(os: "linux", architecture: "s390x")) == nil)
        #expect(index.manifest(for: Platform(os: "windows", architecture: "amd64")) == nil)
    }

    @Test func anOlderArmServesANewerOne() throws {
        let index = try Self.index([
            Self.entry(#"{"os":"linux","architecture":"arm","variant":"v5"}"#, digest),
            Self.entry(#"{"os":"linux","architecture":"arm","variant":"v6"}"#, other),
        ])
        #expect(index.manifest(for: Platform(os: "linux", architecture: "arm"))?.digest.description == other)
        #expect(
            index.manifest(for: Platform(os: "linux", architecture: "arm", variant: "v5"))?.digest.description == digest
        )
    }

    @Test(arguments: [
        ("{}", "schemaVersion is missing"), (#"{"schemaVersion":2}"#, "manifests is missing"),
        (#"{"schemaVersion":2,"manifests":{}}"#, "manifests has the wrong type"),
        (#"{"schemaVersion":2,"manifests":[],"layers":[]}"#, "the fields of a manifest"),
        (#"{"schemaVersion":2,"manifests":[],"config":\#(config)}"#, "the fields of a manifest"),
        (#"{"schemaVersion":3,"manifests":[]}"#, "schemaVersion must be 2"),
        (
            #"{"schemaVersion":2,"manifests":[{"mediaType":"a","digest":"\#(digest)","size":1,"platform":{"os":"linux"}}]}"#,
            "manifests[0].platform.architecture is missing"
        ),
        (
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}"#,
            "mediaType must be the descriptor's"
        ),
    ]) func refusesAnIndex(_ text: String, _ rule: String) {
        let error = #expect(throws: Malformed.self) {
            try Document<ImageIndex>(bytes: bytes(text), mediaType: .ociIndex)
        }
        #expect(error?.rule.contains(rule) == true, "\(error?.rule ?? "")")
    }

    @Test func aConfigGivesThePlatformAndTheUnpackedLayers() throws {
        let text = #"{"os":"linux","architecture":"arm64","rootfs":{"type":"layers","diff_ids":["\#(digest)"]}}"#
        let config = try Document<ImageConfig>(bytes: bytes(text), mediaType: .ociConfig).value
        #expect(config.platform == .linuxARM64)
        #expect(config.rootfs.diffIDs.map(\.description) == [digest])
    }

    @Test(arguments: [
        ("{}", "os is missing"), (#"{"os":"linux"}"#, "architecture is missing"),
        (#"{"os":"linux","architecture":"amd64"}"#, "rootfs is missing"),
        (#"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers"}}"#, "rootfs.diff_ids is missing"),
        (
            #"{"os":"linux","architecture":"amd64","rootfs":{"type":"tree","diff_ids":[]}}"#,
            "rootfs.type must be layers"
        ),
        (#"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["x"]}}"#, "ALGORITHM:HEX"),
    ]) func refusesAConfig(_ text: String, _ rule: String) {
        let error = #expect(throws: Malformed.self) {
            try Document<ImageConfig>(bytes: bytes(text), mediaType: .ociConfig)
        }
        #expect(error?.rule.contains(rule) == true, "\(error?.rule ?? "")")
    }

    @Test func anErrorIsSafeToPrint() {
        let error = Malformed("digest", "\u{1B}[2Jx\u{202E}\n" + String(repeating: "y", count: 300), breaks: "rule")
        #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
        #expect(error.input.hasSuffix("…"))
    }
}
