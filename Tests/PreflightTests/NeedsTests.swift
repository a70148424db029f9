import BundleFormat
import FoundationEssentials
import Frames
import ImageLayout
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Preflight

/// Writes a bundle of two images for two platforms whose description `change` has changed.
private func writeBundle(
    to path: FilePath, config: String? = nil, manifest: String? = nil, created: String? = nil,
    _ change: (inout BundleDescription) -> Void
) throws {
    let images = [
        (
            "docker.io/library/app:1",
            try TestImage(platforms: [.linuxAMD64, .linuxARM64], layers: [2000, 90_000], seed: 1)
        ),
        (
            "docker.io/library/db:2",
            try TestImage(platforms: [.linuxAMD64, .linuxARM64], layers: [2000, 9000], seed: 2)
        ),
    ]
    var blobs = images.reduce(into: [Digest: Data]()) { $0.merge($1.1.blobs) { first, _ in first } }
    var graph = ImageGraph(platforms: [.linuxAMD64, .linuxARM64])
    var named: [(name: String, descriptor: Descriptor)] = []
    var described: [BundleDescription.Image] = []
    for (reference, image) in images {
        try graph.add(image.root) { blobs[$0.digest] ?? Data() }
        named.append((reference, image.root))
        described.append(.init(reference: reference, names: [reference], digest: image.root.digest))
    }
    func layer(_ title: String, _ mediaType: MediaType, _ bytes: Data) -> Descriptor {
        blobs[.of(bytes)] = bytes
        return Descriptor(
            mediaType: mediaType, digest: .of(bytes), size: Int64(bytes.count), annotations: [Annotation.title: title])
    }
    var layers = [layer("kubernetes/k0s", .kubernetesBinary, Data(repeating: 7, count: 12_345))]
    let text = config.map { Data($0.utf8) }
    if let text { layers.append(layer("definition/k0s.yaml", .kubernetesConfig, text)) }
    let manifestText = manifest.map { Data($0.utf8) }
    if let manifestText { layers.append(layer("manifests/app.yaml", .bundleManifest, manifestText)) }
    var description = BundleDescription(
        name: "demo", version: "1", description: nil, platforms: [.linuxAMD64, .linuxARM64],
        kubernetes: .init(
            distribution: "k0s", version: "v1", binaries: ["linux/amd64": "kubernetes/k0s"],
            config: text == nil ? nil : "definition/k0s.yaml", images: []),
        parameters: [], profiles: [:],
        stages: manifest == nil
            ? [] : [.init(name: "app", manifests: ["manifests/app.yaml"], checks: [], readyTimeout: 1)],
        images: described, files: [], builtWith: "test")
    change(&description)
    let document = try Document(encoding: description, mediaType: .bundleConfig)
    let artifact = try Document(
        encoding: Manifest(
            mediaType: .ociManifest, artifactType: MediaType.bundle.rawValue, config: document.descriptor,
            layers: layers), mediaType: .ociManifest)
    let _: Document<Manifest> = try graph.document(artifact.descriptor) { _ in artifact.bytes }
    for layer in layers { try graph.addLayer(layer.bare) }
    var index = BundleIndex.make(images: named, artifact: artifact.descriptor)
    if let created { index.annotations = [Annotation.created: created] }
    var texts = [document.descriptor.digest: document.bytes]
    for text in [text, manifestText].compactMap({ $0 }) { texts[.of(text)] = text }
    let contents = BundleContents(index: try encodeJSON(index), graph: graph, texts: texts)
    let file = try FileDescriptor.open(
        path, .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644))
    try file.closeAfter {
        _ = try BundleWriter(contents).write(
            to: file, at: path, workers: 1, payload: { Payload(blobs[$0.digest] ?? Data()) }, progress: { _ in })
    }
}

private final class Payload: PayloadSource {
    private var rest: Data

    init(_ bytes: Data) { rest = bytes }

    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        let piece = rest.prefix(target.count)
        target.copyBytes(from: piece)
        rest = Data(rest.dropFirst(piece.count))
        return piece.count
    }
}

@Suite struct NeedsTests {
    @Test func aBundlesFiguresAreThoseOfOnePlatform() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        try writeBundle(to: path, created: "2026-07-01T00:00:00Z") { _ in }
        let bundle = try BundleReader(opening: path)
        let needs = try PreflightNeeds(of: bundle, platform: .linuxAMD64)
        let layers = Set(
            bundle.graph.entries.flatMap(\.images).filter { $0.platform == .linuxAMD64 }
                .flatMap { $0.manifest.value.layers.map(\.bare) })
        #expect(layers.count == 3, "the first layer is shared")
        #expect(needs.imageBytes == layers.reduce(0) { $0 + $1.size })
        // Each layer is a tar of one file: header, content in whole blocks, two blocks at the end.
        let tars = [2000, 90_000, 9000].map { 512 + ($0 + 511) / 512 * 512 + 1024 }
        #expect(needs.unpackedBytes == Int64(tars.reduce(0, +)))
        #expect(needs.platforms == [.linuxAMD64, .linuxARM64])
        #expect(needs.distribution == "k0s")
        #expect(needs.distributionBytes == 12_345)
        #expect(needs.images == ["docker.io/library/app:1", "docker.io/library/db:2"])
        #expect(needs.created == FakeHost.now)
        #expect(needs.podCIDR == "10.244.0.0/16")
        let strange = try PreflightNeeds(of: bundle, platform: Platform(os: "linux", architecture: "riscv64"))
        #expect(strange.imageBytes > needs.imageBytes)
        #expect(strange.distributionBytes == 0)
    }

    @Test func networksComeFromTheConfigurationWithTheOperatorsValues() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        let config = "spec:\n  network:\n    podCIDR: ${{ pods }}\n    serviceCIDR: \"10.112.0.0/12\" # services\n"
        try writeBundle(to: path, config: config) {
            $0.parameters = [Parameter(name: "pods", kind: .string, value: "10.1.0.0/16")]
        }
        let bundle = try BundleReader(opening: path)
        let built = try PreflightNeeds(of: bundle)
        #expect([built.podCIDR, built.serviceCIDR] == ["10.1.0.0/16", "10.112.0.0/12"])
        #expect(built.settings == ["pods": "10.1.0.0/16"])
        #expect(try PreflightNeeds(of: bundle, values: ["pods": "10.2.0.0/16"]).podCIDR == "10.2.0.0/16")
    }

    @Test func aProfileNeedsWhatWasCountedForIt() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        try writeBundle(to: path) {
            $0.requirements.memoryBytes = 12 << 30
            $0.profileRequirements = ["small": Requirements(memoryBytes: 5 << 30)]
        }
        let bundle = try BundleReader(opening: path)
        #expect(try PreflightNeeds(of: bundle).workloads.memoryBytes == 12 << 30)
        #expect(try PreflightNeeds(of: bundle, profile: "small").workloads.memoryBytes == 5 << 30)
    }

    private func workloads(
        _ bundle: BundleReader, _ profile: String? = nil, _ chosen: [String: String] = [:]
    ) throws -> Requirements {
        let description = bundle.description
        let values = try Parameter.resolve(
            description.parameters, profiles: description.profiles, profile: profile, overrides: chosen)
        return try PreflightNeeds(of: bundle, profile: profile, values: values).workloads
    }

    /// What the build has counted, and what other values add to it: of single ones, a profile, and several of these.
    @Test func whatTheOperatorChoosesIsCounted() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        let manifest = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: app}
            spec:
              replicas: ${{ replicas }}
              template:
                spec:
                  containers:
                    - name: app
                      ports: [{containerPort: 80, hostPort: ${{ port }}}]
                      resources:
                        requests: {cpu: "${{ cpu }}", memory: "${{ memory }}"}
                        limits: {memory: "${{ memory }}"}
            ---
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: data}
            spec:
              capacity: {storage: "${{ volume }}"}
              hostPath: {path: /srv}

            """
        try writeBundle(to: path, manifest: manifest) { description in
            description.parameters = [
                Parameter(name: "cpu", kind: .quantity, value: "500m"),
                Parameter(name: "memory", kind: .quantity, value: "1Gi"),
                Parameter(name: "volume", kind: .quantity, value: "10Gi"),
                Parameter(name: "replicas", kind: .integer, value: "2"),
                Parameter(name: "port", kind: .integer, value: "8080"), Parameter(name: "unset", kind: .string),
            ]
            description.profiles = ["small": ["memory": "512Mi"], "wide": ["replicas": "4"]]
            // As from a build that knows more than the manifests show: it stays in the figures.
            func counted(_ memory: Int64, _ replicas: Int64) -> Requirements {
                Requirements(
                    cpuMillis: 500 * replicas + 100, memoryBytes: memory * replicas + 7,
                    memoryLimitBytes: memory * replicas, volumeBytes: 10 << 30,
                    hostPorts: [.init(port: 8080, protocol: "TCP", owner: "Deployment/app")],
                    hostPaths: [.init(path: "/srv", owner: "PersistentVolume/data", bytes: 10 << 30)])
            }
            description.requirements = counted(1 << 30, 2)
            description.profileRequirements = ["small": counted(512 << 20, 2), "wide": counted(1 << 30, 4)]
        }
        let bundle = try BundleReader(opening: path)
        let gib: Int64 = 1 << 30
        let half = gib / 2
        #expect(try workloads(bundle) == bundle.description.requirements)
        let large = try workloads(bundle, nil, ["memory": "8Gi", "cpu": "2", "replicas": "3"])
        #expect(large.cpuMillis == 6100 && large.memoryBytes == 24 * gib + 7)
        #expect(large.memoryLimitBytes == 24 * gib)
        #expect(try workloads(bundle, "small").memoryBytes == gib + 7)
        #expect(try workloads(bundle, "small", ["replicas": "1"]).memoryBytes == half + 7)
        #expect(try workloads(bundle, "small,wide").memoryBytes == 4 * half + 7, "not the last profile alone")
        let wide = try workloads(bundle, nil, ["volume": "50Gi", "port": "9090", "replicas": "0"])
        #expect(wide.volumeBytes == 50 * gib && wide.hostPaths.map(\.bytes) == [50 * gib])
        #expect(wide.hostPorts.map(\.port) == [9090])
        #expect(wide.cpuMillis == 100 && wide.memoryBytes == 7)
        #expect(try workloads(bundle, nil, ["memory": "9999999Ei"]).memoryBytes > 1 << 62)
    }

    @Test func pathsAreWhereTheOperatorPutsThem() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        try writeBundle(to: path) {
            $0.parameters = [
                Parameter(name: "dataDir", kind: .path, value: "/tmp"),
                Parameter(name: "name", kind: .string, value: "/x"),
            ]
            $0.requirements.hostPaths = [
                .init(path: "/tmp/kafka", owner: "a"), .init(path: "/tmp", owner: "a"),
                .init(path: "/tmpfs", owner: "a"),
                .init(path: "/x/y", owner: "a"),
            ]
        }
        let needs = try PreflightNeeds(
            of: BundleReader(opening: path), values: ["dataDir": "/srv/data", "name": "/z"])
        #expect(needs.settings == ["dataDir": "/srv/data"])
        #expect(needs.workloads.hostPaths.map(\.path) == ["/srv/data/kafka", "/srv/data", "/tmpfs", "/x/y"])
    }

    @Test(
        arguments: [
            ("network:\n  podCIDR: 10.1.0.0/16", "10.1.0.0/16"), ("podCIDR : '10.1.0.0/16'\r\n", "10.1.0.0/16"),
            ("podCIDR: ${{ unset }}", nil), ("podCIDR: ${{ unknown }}", nil), ("podCIDR", nil), ("dualStack: {}", nil),
            ("# podCIDR: 10.1.0.0/16", nil), ("", nil),
        ] as [(String, String?)]) func configurations(_ text: String, _ pods: String?)
    {
        let networks = KubernetesNetworks(
            reading: text, values: [:], parameters: [Parameter(name: "unset", kind: .string)])
        #expect(networks.podCIDR == pods)
    }
}

@Suite struct UnpackedSizeTests {
    private let zstd: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8], [0x00, 0x10, 0, 0], 1000, 4096), ([0x1F, 0x8B], [0xE7, 3, 0, 0], 1000, 999),
            ([0x1F, 0x8B], [0x84, 3, 0, 0], 1000, 3000),
            ([0x1F, 0x8B], [0xFF, 0xFF, 0xFF, 0xFF], 1000, 4_294_967_295), ([0x1F, 0x8B], [], 1000, 3000),
            ([0x75, 0x73], [0, 0, 0, 0], 1000, 1000), ([], [], 0, 0), ([0x1F], [], 1, 1),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], [], 1000, 3000), ([0x42, 0x5A, 0x68, 0x39], [], 1000, 3000),
            ([0x1F, 0x8B], [0, 0, 0, 0], .max, .max),
        ] as [([UInt8], [UInt8], Int64, Int64)])
    func gzipAndOthers(_ first: [UInt8], _ last: [UInt8], _ size: Int64, _ expected: Int64) {
        #expect(UnpackedSize.estimate(size: size, first: first, last: last) == expected)
    }

    @Test(
        arguments: [
            ([0x20, 200], 100, 200), ([0x60, 0, 1], 100, 512), ([0xA0, 0, 0, 1, 0], 100, 65536),
            ([0xE0, 0, 0, 0, 0, 1, 0, 0, 0], 100, 1 << 32), ([0x80, 0x58, 0, 0, 1, 0], 100, 65536),
            ([0xA3, 1, 2, 3, 4, 0, 0, 1, 0], 100, 65536), ([0x00, 0x58], 100, 300), ([0xA0, 0, 0], 100, 300),
            ([], 100, 300),
            ([0xE0, 255, 255, 255, 255, 255, 255, 255, 255], 100, .max), ([0x60, 0, 0], 1000, 3000),
        ] as [([UInt8], Int64, Int64)]) func zstdHeaders(_ rest: [UInt8], _ size: Int64, _ expected: Int64)
    {
        #expect(UnpackedSize.estimate(size: size, first: zstd + rest, last: []) == expected)
    }

    /// Against the real thing: what zstd and gzip write for a content whose size is known.
    @Test(.enabled(if: Program.isInstalled("zstd") && Program.isInstalled("gzip"), "needs zstd and gzip"))
    func whatRealCompressorsWrite() async throws {
        let folder = TemporaryDirectory()
        let plain = folder.file("plain")
        try write(Array(repeating: UInt8(7), count: 300_000), to: plain)
        _ = try await Program.run("zstd", ["-q", "-k", plain.string])
        _ = try await Program.run("gzip", ["-k", plain.string])
        for suffix in ["zst", "gz"] {
            let bytes = try contents(of: FilePath(plain.string + ".\(suffix)"))
            let size = UnpackedSize.estimate(
                size: Int64(bytes.count), first: Array(bytes.prefix(18)), last: Array(bytes.suffix(4)))
            #expect(size == 300_000)
        }
    }
}
