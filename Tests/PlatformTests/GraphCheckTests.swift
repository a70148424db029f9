import Definition
import Subprocess
import TestSupport
import Testing

@Suite struct GraphCheckTests {
    @Test func theStagesAreTheDocumentedSix() throws {
        let definition = try RenderedPlatform().definition
        #expect(
            definition.stages.map(\.name) == ["core", "data", "processing", "storage", "visualisation", "ingestion"])
    }

    @Test(.enabled(if: Program.isInstalled("dash") && Program.isInstalled("bash"), "needs dash and bash"))
    func everyScriptIsOne() async throws {
        // Per variant only values differ; the scripts' grammar does not.
        let scripts = try Variant().graph().scripts
        #expect(!scripts.isEmpty)
        for script in scripts {
            #expect(try await Self.complaint(about: script) == nil, "\(script.place)")
        }
    }

    /// What the shell says to the script, without running it; `nil`: nothing.
    private static func complaint(about script: ObjectGraph.Script) async throws -> String? {
        let shell = script.shell == "bash" ? "bash" : "dash"
        let result = try await run(
            .name(shell), arguments: ["-n"], input: .string(script.text), output: .discarded,
            error: .string(limit: 1 << 16))
        return result.terminationStatus.isSuccess ? nil : result.standardError
    }

    @Test(.enabled(if: Program.isInstalled("dash"), "needs dash")) func aBrokenScriptIsNoticed() async throws {
        let graph = try ObjectGraph(
            """
            kind: Pod
            metadata: {name: p}
            spec:
              containers:
                - {name: a, command: [/bin/sh, -ec, "if true; then echo"]}
                - {name: b, command: [sh, -c], args: ["echo $(("]}
                - {name: c, command: [sh, -c, "echo fine"], readinessProbe: {exec: {command: [sh, -c, "x() {"]}}}
                - {name: d, command: [server, -c, "if"]}
            """)
        #expect(graph.scripts.map(\.text) == ["if true; then echo", "echo $((", "echo fine", "x() {"])
        var refused: [String] = []
        for script in graph.scripts where try await Self.complaint(about: script) != nil { refused.append(script.text) }
        #expect(refused == ["if true; then echo", "echo $((", "x() {"])
    }

    /// Its own timeout ends busybox 1.35's wget with a segmentation fault; `timeout` does not.
    @Test func noScriptGivesWgetATimeout() throws {
        func isHit(_ text: String) throws -> Bool { try text.firstMatch(of: Regex("wget [^|;&\n]*-T[ 0-9]")) != nil }
        #expect(try isHit("wget -q -T 10 -O - http://a/"))
        #expect(try !isHit("timeout 10 wget -q -O - http://a/"))
        for script in try Variant().graph().scripts { #expect(try !isHit(script.text), "\(script.place)") }
    }

    @Test func aCheckThroughTraefikNamesTheHost() throws {
        let host = "data.example.com"
        #expect(try Variant(nil, ["ingressHost": host]).graph().checksThatTraefikTurnsAway(host: host) == [])
        for (script, isFound) in [
            ("wget http://traefik/ping", true), ("wget http://traefik/no-such-page", false),
            ("h=\(host); wget --header Host:$h http://traefik/ping", false), ("wget http://traefik:8082/ping", false),
        ] {
            let job = try ObjectGraph(
                checks: """
                    kind: Job
                    metadata: {name: j}
                    spec: {template: {spec: {containers: [{command: ["\(script)"]}]}}}
                    """)
            #expect(job.checksThatTraefikTurnsAway(host: host).isEmpty != isFound, "\(script)")
        }
    }

    @Test func everyContainerHearsOfAStop() throws {
        #expect(try Variant().graph().containersDeafToAStop() == [])
        for (script, isDeaf) in [
            ("a; b", true), ("a\\nexec b", false), ("trap x TERM\\na", false), ("exec a\\nb", true),
        ] {
            let graph = try ObjectGraph(
                """
                kind: Deployment
                metadata: {name: d}
                spec: {template: {spec: {containers: [{command: [sh, -c, "\(script)"]}]}}}
                """)
            #expect(graph.containersDeafToAStop().isEmpty != isDeaf, "\(script)")
        }
    }

    @Test func aScriptReachesItsShellUnchanged() throws {
        let graph = try ObjectGraph(
            "{kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, args: [\"echo $$\"]}, {name: b, args: [$A]}]}}"
        )
        #expect(
            graph.commandsThatKubernetesChanges().map(\.description) == [
                "Pod/p a: Kubernetes turns $$ in its command into $"
            ])
    }

    @Test(
        arguments: [
            ("activeDeadlineSeconds: 9, backoffLimit: 3", "Never", []),
            ("activeDeadlineSeconds: 9", "Never", ["no backoffLimit"]),
            ("backoffLimit: 3", "OnFailure", ["no activeDeadlineSeconds", "starts again"]),
        ] as [(String, String, [String])]) func aJobEnds(_ spec: String, _ restart: String, _ messages: [String]) throws
    {
        let graph = try ObjectGraph(
            """
            {kind: Job, metadata: {name: j},
            spec: {\(spec), template: {spec: {restartPolicy: \(restart), containers: []}}}}
            """)
        #expect(graph.malformedChecks().map(\.message) == messages)
    }

    @Test(
        arguments: [
            ("check-one-function", "function", []), ("check-one-function-x", "function", []),
            ("check-one", "function", ["is not named check-one-function"]),
            ("check-one-", "", ["is of no layer: ''"]),
            ("check-two-function", "function", ["is not named check-one-function"]),
        ] as [(String, String, [String])]) func aCheckHasALayerAndItsName(
            _ name: String, _ layer: String, _ messages: [String]
        ) throws
    {
        let graph = try checks([(name, layer)])
        #expect(graph.malformedChecks().map(\.message) == messages)
    }

    @Test func aStageNeedsEveryLayer() throws {
        #expect(try checks(ObjectGraph.layers.map { ("x", $0) }).stagesWithoutLayers() == [])
        #expect(
            try checks([("x", "function")]).stagesWithoutLayers().map(\.description) == [
                "one: no check of the layer connectivity", "one: no check of the layer integration",
            ])
    }

    private func checks(_ list: [(name: String, layer: String)]) throws -> ObjectGraph {
        let text = list.map {
            """
            kind: Job
            metadata: {name: \($0.name), annotations: {sealift/layer: "\($0.layer)"}}
            spec: {activeDeadlineSeconds: 9, backoffLimit: 3, template: {spec: {restartPolicy: Never, containers: []}}}
            """
        }
        return try ObjectGraph(checks: text.joined(separator: "\n---\n"))
    }
}
