import BundleFormat
import Definition
import DefinitionTestSupport
import OCI
import SystemPackage
import Testing

private let sum = String(repeating: "0123456789abcdef", count: 4)

@Suite struct BundleDefinitionTests {
    private static let complete = """
        apiVersion: sealift/v1
        kind: Bundle
        metadata: {name: demo, version: 1.0, description: "a demo"}
        platforms: [linux/amd64, linux/aarch64]
        kubernetes:
          distribution: k0s
          version: v1.36.3+k0s.0
          binary:
            linux/amd64: {url: "https://example.com/k0s", sha256sums: "https://example.com/sums"}
            linux/arm64: {path: files/k0s, sha256: \(sum)}
          config: k0s.yaml
          images: [quay.io/k0sproject/pause:3.10.2-0, "mirror/${{ name }}:1"]
        parameters:
          - {name: dataDir, type: path, default: /tmp, description: "data"}
          - {name: name}
          - {name: replicas, type: integer, choices: [1, 2], default: 1}
          - {name: password, minLength: 12, generate: {length: 24}}
          - {name: clusterId, generate: {format: uuid-base64}}
          - {name: nodeAddress, type: host, generate: {format: node-address}}
          - {name: nodeName, type: host, generate: {format: node-name}}
        profiles:
          small: {replicas: 2}
        stages:
          - name: core
            manifests: [manifests/z.yaml, "manifests/*.yaml"]
            ready: {timeout: 1h2m3s}
            checks: ["checks/?.yaml"]
          - name: more
            manifests: ["more/*/x.yaml"]
        images:
          - {reference: "busybox:1.35.0", reason: "by hand"}
        ignore:
          - {reference: "foo/bar", reason: "a sample"}
          - {lint: host-path, where: DaemonSet/x, reason: "reads only"}
        files:
          - {name: a.jar, url: "https://example.com/a.jar"}
          - {name: b.sh, path: files/k0s, mode: 755}
        """
    private static let files = [
        "bundle.yaml": complete, "k0s.yaml": "a: 1\n", "files/k0s": "binary", "manifests/a.yaml": "",
        "manifests/b.yaml": "",
        "manifests/z.yaml": "", "manifests/.hidden.yaml": "", "manifests/c.yml": "", "checks/1.yaml": "",
        "checks/10.yaml": "",
        "more/q/x.yaml": "", "more/p/x.yaml": "", "more/p/y.yaml": "",
    ]

    @Test func readsEveryKey() throws {
        try withFolder(Self.files) { folder in
            let definition = try BundleDefinition(at: folder)
            #expect(definition.name == "demo")
            #expect(definition.version == "1.0", "a number stays as it was written")
            #expect(definition.description == "a demo")
            #expect(definition.platforms == [.linuxAMD64, .linuxARM64])
            #expect(
                definition.parameters.map(\.name)
                    == ["dataDir", "name", "replicas", "password", "clusterId", "nodeAddress", "nodeName"])
            #expect(definition.parameters.map(\.kind) == [.path, .string, .integer, .string, .string, .host, .host])
            #expect(definition.parameters.map(\.value) == ["/tmp", nil, "1", nil, nil, nil, nil])
            #expect(definition.parameters.map(\.choices) == [nil, nil, ["1", "2"], nil, nil, nil, nil])
            #expect(definition.parameters.map(\.minLength) == [nil, nil, nil, 12, nil, nil, nil])
            #expect(definition.parameters[3].generate == .init(length: 24, format: "alphanumeric"))
            #expect(definition.parameters[4].generate == .init(length: 22, format: "uuid-base64"))
            #expect(definition.parameters[5].generate == .init(length: 0, format: "node-address"))
            #expect(definition.parameters[6].generate == .init(length: 0, format: "node-name"))
            #expect(definition.profiles == ["small": ["replicas": "2"]])
            #expect(definition.images.map(\.reference) == ["busybox:1.35.0"])
            #expect(definition.images[0].line == 31)
            #expect(definition.images[0].field == "images[0].reference")
            #expect(
                definition.waivers.map(\.subject)
                    == [.reference("foo/bar"), .lint(.hostPath, place: "DaemonSet/x")])
            #expect(definition.waivers.map(\.line) == [33, 34])
            #expect(definition.files.map(\.name) == ["a.jar", "b.sh"])
            #expect(definition.files.map(\.mode) == ["0644", "0755"])
        }
    }

    @Test func readsKubernetes() throws {
        try withFolder(Self.files) { folder in
            let kubernetes = try #require(try BundleDefinition(at: folder).kubernetes)
            #expect(kubernetes.version == "v1.36.3+k0s.0")
            #expect(kubernetes.config?.path == "k0s.yaml")
            #expect(kubernetes.images.map(\.line) == [12, 12])
            let amd64 = try #require(kubernetes.binaries[.linuxAMD64])
            #expect(amd64.place == .url("https://example.com/k0s"))
            #expect(amd64.checksum == .list("https://example.com/sums"))
            let arm64 = try #require(kubernetes.binaries[.linuxARM64])
            #expect(arm64.checksum == .digest(try Digest(parsing: "sha256:\(sum)")))
            #expect(arm64.line == 10)
        }
    }

    @Test func findsStagesFilesInOrder() throws {
        try withFolder(Self.files) { folder in
            let stages = try BundleDefinition(at: folder).stages
            #expect(
                stages[0].manifests.map(\.path) == ["manifests/z.yaml", "manifests/a.yaml", "manifests/b.yaml"],
                "a file named first stays first; what a pattern finds is sorted; hidden files are not found")
            #expect(stages[0].checks.map(\.path) == ["checks/1.yaml"], "? is one character")
            #expect(stages[1].manifests.map(\.path) == ["more/p/x.yaml", "more/q/x.yaml"])
            #expect(stages[0].readyTimeout == 3723)
            #expect(stages[1].readyTimeout == 300)
            #expect(stages[1].checks.isEmpty)
        }
    }

    @Test func isReachedByItsFolderOrItsFile() throws {
        try withFolder(Self.files) { folder in
            let byFile = try BundleDefinition(at: folder.appending("bundle.yaml"))
            #expect(try BundleDefinition(at: folder) == byFile)
            #expect(byFile.file == folder.appending("bundle.yaml"))
        }
    }

    @Test func listsTheFilesThatTheLockPins() throws {
        try withFolder(Self.files) { folder in
            let files = try BundleDefinition(at: folder).lockFiles()
            #expect(files.map(\.name) == ["a.jar", "b.sh", "k0s", "k0s"])
            #expect(files.map { $0.platform?.description } == [nil, nil, "linux/amd64", "linux/arm64"])
            #expect(
                files.map(\.source)
                    == [
                        .url("https://example.com/a.jar"), .path("files/k0s"), .url("https://example.com/k0s"),
                        .path("files/k0s"),
                    ])
            #expect(files.allSatisfy { $0.content == nil && $0.bundle == "demo" })
        }
    }

    @Test func saysWhichBundlesAreNearWhereThereIsNone() throws {
        try withFolder(["bundles/hello/bundle.yaml": "", "bundles/other/bundle.yaml": "", "bundles/none/x": ""]) {
            root in
            let found = try message(in: root) { _ = try BundleDefinition(at: root.appending("bundles/helo")) }
            #expect(found?.text == "bundles/helo: no such bundle: there is no bundle.yaml")
            let hint = found?.hint ?? ""
            let hello = try #require(hint.firstRange(of: "\(root)/bundles/hello"))
            let other = try #require(hint.firstRange(of: "\(root)/bundles/other"))
            #expect(hello.lowerBound < other.lowerBound, "the likeliest first")
            #expect(!hint.contains("none"))
            let above = try message(in: root) { _ = try BundleDefinition(at: root) }
            #expect(above?.hint?.contains("bundles/hello") == true)
        }
    }
}
