import BundleFormat
import Definition
import DefinitionTestSupport
import Discovery
import Testing

/// What a container needs to pass lint apart from the rule that a test is about.
let limits = "imagePullPolicy: Never, resources: {limits: {cpu: 1, memory: 1Gi}}"
private let probes = "readinessProbe: {tcpSocket: {port: 1}}, livenessProbe: {tcpSocket: {port: 1}}"

private func pod(_ container: String, _ spec: String = "") -> String {
    "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, \(container)}]\(spec)}\n"
}

private func workload(_ kind: String, _ container: String, name: String = "w", spec: String = "") -> String {
    """
    kind: \(kind)
    metadata: {name: \(name)}
    spec: {template: {spec: {containers: [{name: c, image: "a:1", \(limits)\(container)}]\(spec)}}}

    """
}

@Suite struct LintTests {
    private func rules(_ manifest: String, more: String = "") throws -> [LintRule] {
        try discovered(manifest, more: more).findings.map(\.rule)
    }

    @Test func aGoodWorkloadHasNoFindings() throws {
        #expect(try rules(workload("Deployment", ", \(probes)")) == [])
        #expect(try rules(workload("Job", "")) == [])
    }

    @Test(arguments: [
        ("a", true), ("a:latest", true), ("quay.io/a/b", true), ("a:1", false), ("a:latest-1", false),
        ("a@sha256:\(String(repeating: "0", count: 64))", false),
        ("a:latest@sha256:\(String(repeating: "0", count: 64))", false),
    ]) func latestTag(_ image: String, _ isFound: Bool) throws {
        #expect(try rules(pod("image: \"\(image)\", \(limits)")) == (isFound ? [.latestTag] : []))
    }

    @Test func latestTagCountsForTheDefinitionsOwnImagesToo() throws {
        let found = try discovered("", more: "images: [{reference: busybox, reason: x}]\n")
        #expect(
            found.findings.map(\.description) == [
                "bundle.yaml:8: Bundle/demo images[0].reference: 'busybox' has no tag, which means latest [latest-tag]"
            ])
    }

    @Test(arguments: [
        ("image: \"a:1\", imagePullPolicy: Always", [LintRule.pullPolicyAlways]), ("image: \"a:1\"", []),
        ("image: \"a:1\", imagePullPolicy: IfNotPresent", []),
        ("image: \"a:latest\"", [.latestTag, .pullPolicyAlways]),
        ("image: a", [.latestTag, .pullPolicyAlways]), ("image: a, imagePullPolicy: Never", [.latestTag]),
        ("image: a, imagePullPolicy: null", [.latestTag, .pullPolicyAlways]),
    ]) func pullPolicy(_ container: String, _ expected: [LintRule]) throws {
        let manifest = pod("resources: {limits: {cpu: 1, memory: 1Gi}}, \(container)")
        #expect(try rules(manifest).sorted { $0.rawValue < $1.rawValue } == expected)
    }

    @Test func pullPolicyCountsForInitContainersAndImageVolumesToo() throws {
        let always = "image: \"b:1\", imagePullPolicy: Always, resources: {limits: {cpu: 1, memory: 1Gi}}"
        let found = try discovered(
            pod(
                "image: \"a:1\", \(limits)",
                """
                , initContainers: [{name: i, \(always)}]
                , volumes: [{name: v, image: {reference: "m:1", pullPolicy: Always}}]
                """))
        #expect(
            found.findings.map(\.field) == [
                "spec.initContainers[0].imagePullPolicy", "spec.volumes[0].image.imagePullPolicy",
            ])
    }

    @Test(arguments: [
        "command: [curl, \"https://example.com/a.jar\"]", "args: [\"--from=http://repo.example.com:8080/x\"]",
        "command: [sh, -c, \"wget -q http://user@example.com/x && run\"]", "args: [https://EXAMPLE.com]",
        "command: [sh, -c, \"apt-get update && apt-get install -y curl\"]", "command: [apk, add, --no-cache, curl]",
        "args: [pip, install, requests]", "command: [sh, -c, 'bin/elasticsearch-plugin install analysis-icu']",
        "command: [sh, -c, 'grafana-cli plugins install x']", "command: [git, clone, 'git@example.com:a/b']",
        "env: [{name: GF_INSTALL_PLUGINS, value: grafana-clock-panel}]", "env: [{name: NIFI_EXTRA_PLUGINS, value: a}]",
        "env: [{name: GF_PLUGINS_PREINSTALL, value: a}]",
        "lifecycle: {postStart: {exec: {command: [curl, 'https://example.com']}}}",
        "args: ['http://node.corp.local/x']",
    ]) func runtimeURL(_ container: String) throws {
        #expect(try rules(pod("image: \"a:1\", \(limits), \(container)")) == [.runtimeURL])
    }

    @Test(arguments: [
        "args: [http://kafka-service:9092, http://localhost:80, http://127.0.0.1/x, https://10.0.0.1:6443]",
        "args: ['http://web.demo.svc/x', 'http://web.demo.svc.cluster.local:80', 'http://[::1]:80', 'http://$(HOST)/x']",
        "args: ['http://0.0.0.0:8088', '--config=/etc/a', 'https://', 'sftp://example.com']",
        "command: [sleep, infinity]",
        "env: [{name: GF_INSTALL_PLUGINS, value: ''}]", "env: [{name: HOME_PAGE, value: 'https://example.com'}]",
        "env: [{name: ENABLE_BUILT_IN_PLUGINS, value: a.jar}]",
        "env: [{name: RABBITMQ_ENABLED_PLUGINS_FILE, value: a}]",
        "command: [pip, install, --no-index, --find-links=/wheels, x]", "command: [plugin, install, 'file:///a.zip']",
        "command: [sh, -c, 'echo install']", "args: ['http://${HOST}:80']",
    ]) func noRuntimeURL(_ container: String) throws {
        #expect(try rules(pod("image: \"a:1\", \(limits), \(container)")) == [])
    }

    private func claim(_ name: String, kind: String = "Job", readOnly: String = "", mount: String = "") -> String {
        workload(
            kind, ", volumeMounts: [{name: v, mountPath: /v\(mount)}]", name: name,
            spec: ", volumes: [{name: v, persistentVolumeClaim: {claimName: data\(readOnly)}}]")
    }

    @Test func sharedClaim() throws {
        let found = try discovered(claim("a") + "---\n" + claim("b"))
        #expect(found.findings.map(\.rule) == [.sharedClaim, .sharedClaim])
        #expect(found.findings[0].message == "claim 'data' is written by Job/a and Job/b")
        #expect(found.findings.map(\.object) == ["Job/a", "Job/b"])
        #expect(found.findings[1].field == "spec.template.spec.volumes[0].persistentVolumeClaim.claimName")
    }

    @Test func aClaimWithOneWriterIsFine() throws {
        #expect(try rules(claim("a")) == [])
        #expect(try rules(claim("a") + "---\n" + claim("b", readOnly: ", readOnly: true")) == [])
        #expect(try rules(claim("a") + "---\n" + claim("b", mount: ", readOnly: true")) == [])
        let elsewhere = claim("b").split(separator: "name: b").joined(separator: "name: b, namespace: other")
        #expect(try rules(claim("a") + "---\n" + elsewhere) == [])
    }

    @Test(arguments: ["Deployment", "StatefulSet", "DaemonSet"]) func missingProbes(_ kind: String) throws {
        let found = try discovered(workload(kind, ""))
        #expect(found.findings.map(\.message) == ["container 'c' has no readinessProbe and no livenessProbe"])
        let half = try discovered(workload(kind, ", readinessProbe: {tcpSocket: {port: 1}}"))
        #expect(half.findings.map(\.message) == ["container 'c' has no livenessProbe"])
        let initOnly = ", \(probes)"
        let withInit = ", initContainers: [{name: i, image: \"b:1\", \(limits)}]"
        #expect(try rules(workload(kind, initOnly, spec: withInit)) == [])
    }

    @Test func missingLimits() throws {
        let found = try discovered(pod("image: \"a:1\""))
        #expect(found.findings.map(\.message) == ["container 'c' has no limit of cpu and memory"])
        #expect(
            found.findings[0].description
                == "m.yml:3: Pod/p spec.containers[0].resources.limits: container 'c' has no limit of cpu and memory [missing-limits]"
        )
        let half = try discovered(pod("image: \"a:1\", resources: {limits: {memory: 1Gi}, requests: {cpu: 1}}"))
        #expect(half.findings.map(\.message) == ["container 'c' has no limit of cpu"])
        #expect(try rules(pod("image: \"a:1\"", ", resources: {limits: {cpu: 1, memory: 1Gi}}")) == [])
        #expect(try rules(pod("image: \"a:1\", \(limits)", ", ephemeralContainers: [{name: e, image: \"b:1\"}]")) == [])
    }

    private let dataDir = "parameters: [{name: dataDir, type: path, default: /data}, {name: other, default: /etc}]\n"

    @Test(arguments: [
        ("/data", false), ("/data/kafka", false), ("${{ dataDir }}/kafka", false), ("/database", true), ("/", true),
        ("/etc/x", true), ("/data/../etc", true), ("/proc", true),
    ]) func hostPath(_ path: String, _ isFound: Bool) throws {
        let volume = pod("image: \"a:1\", \(limits)", ", volumes: [{name: v, hostPath: {path: \"\(path)\"}}]")
        #expect(try rules(volume, more: dataDir) == (isFound ? [.hostPath] : []))
        for source in ["hostPath", "local"] {
            let persistent = "kind: PersistentVolume\nmetadata: {name: v}\nspec: {\(source): {path: \"\(path)\"}}\n"
            #expect(try rules(persistent, more: dataDir) == (isFound ? [.hostPath] : []))
        }
    }

    @Test func theNodesOwnAddressIsNobodyElses() throws {
        let manifest = pod("image: \"a:1\", \(limits), args: [\"--external-url=http://${{ address }}/a\"]")
        let address = "parameters: [{name: address, type: host, generate: {format: node-address}}]\n"
        #expect(try rules(manifest, more: address) == [])
        #expect(try rules(manifest, more: "parameters: [{name: address, type: host}]\n") == [.runtimeURL])
    }

    @Test func theBundlesOwnFilesMayBeMounted() throws {
        func found(_ name: String) throws -> ImageDiscovery {
            let path = "\(InstalledFiles.folder)/\(name)"
            return try discovered(
                pod("image: \"a:1\", \(limits)", ", volumes: [{name: v, hostPath: {path: \"\(path)\"}}]"),
                more: "files: [{name: connector.jar, url: 'https://a.example/c.jar'}]\n")
        }
        let mounted = try found("connector.jar")
        #expect(mounted.findings == [])
        #expect(mounted.requirements.hostPaths == [], "it holds no data")
        let missing = try found("conector.jar").findings
        #expect(missing.map(\.message) == ["the bundle has no file 'conector.jar'"])
        #expect(missing.first?.remedy.hasSuffix("did you mean 'connector.jar'?") == true)
        #expect(try found("../journal.jsonl").findings.map(\.rule) == [.hostPath])
    }

    @Test func aFindingIsWaivedByFileOrByObject() throws {
        let manifest = pod("image: \"a:1\"")
        for place in ["m.yml", "Pod/p"] {
            let found = try discovered(
                manifest, more: "ignore: [{lint: missing-limits, where: \(place), reason: a test}]\n")
            #expect(found.findings.map(\.waiver) == ["a test"])
            #expect(found.errors.isEmpty)
            #expect(found.warnings.isEmpty)
        }
        for place in ["Pod/q", "p", "Pod"] {
            let found = try discovered(
                manifest, more: "ignore: [{lint: missing-limits, where: \(place), reason: a test}]\n")
            #expect(found.errors.count == 1)
            #expect(found.warnings.count == 1)
        }
    }

    @Test func embeddedTextsAreNotLinted() throws {
        let text =
            "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  p: |\n    spec: {containers: [{name: c, image: \"a:1\"}]}\n"
        #expect(try rules(text) == [])
    }

    @Test func everyFindingSaysWhatToDo() throws {
        let found = try discovered(
            pod("image: a, args: ['https://example.com']", ", volumes: [{name: v, hostPath: {path: /}}]"))
        #expect(Set(found.findings.map(\.rule)).count == 5)
        #expect(
            found.findings.allSatisfy {
                !$0.remedy.isEmpty && $0.severity == .error && $0.line == 3 && $0.file == "m.yml"
            })
    }
}
