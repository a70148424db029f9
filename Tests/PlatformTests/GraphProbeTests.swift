import Definition
import Testing
import Yams

@Suite struct GraphProbeTests {
    /// The longest that each component was seen to take, in seconds.
    static let startTimes = [
        "traefik": 30, "kafka": 300, "schema-registry": 120, "kafka-ui": 60, "flink-jobmanager": 120,
        "flink-taskmanager": 120, "ksqldb-server": 120, "elasticsearch": 600, "prometheus": 120, "alertmanager": 120,
        "node-exporter": 90, "grafana": 300, "nifi": 600, "nifi-registry": 120,
    ]

    @Test func everyComponentMayTakeItsTimeToStart() throws {
        let platform = try Variant().rendered()
        let graph = ObjectGraph(platform)
        for (name, seconds) in Self.startTimes.sorted(by: { $0.key < $1.key }) {
            let given = try #require(graph.startTime(of: name), "\(name) has no startupProbe")
            #expect(given >= seconds, "\(name)")
        }
    }

    /// A stage is not given up while a component of it, or a check, is within its time; the minute is for all that is
    /// neither: scheduling, mounting, looking.
    @Test(arguments: [Variant(), Variant("small")]) func everyStageOutlastsItsComponentsAndChecks(_ variant: Variant)
        throws
    {
        let platform = try variant.rendered()
        let graph = ObjectGraph(platform)
        for stage in platform.definition.stages {
            let objects = graph.objects.filter { $0.stage == stage.name }
            let starts = objects.filter(\.isLongRunning).compactMap { graph.timeToBeThere(of: $0.name) }
            #expect(stage.readyTimeout >= (try #require(starts.max())) + 60, "\(stage.name)")
            let deadlines = objects.compactMap { $0["spec", "activeDeadlineSeconds"]?.int }
            #expect(stage.readyTimeout >= (try #require(deadlines.max())) + 60, "\(stage.name)")
        }
    }

    @Test func whoWaitsForAnotherIsThereAfterIt() throws {
        let probe = "startupProbe: {periodSeconds: 10, failureThreshold: 6}"
        func workload(_ name: String, waitingFor service: String) -> String {
            """
            kind: Deployment
            metadata: {name: \(name)}
            spec:
              template:
                metadata: {labels: {app: \(name)}}
                spec:
                  initContainers: [{name: w, command: [sh, -c, "until nc -z -w 5 \(service) 80; do sleep 2; done"]}]
                  containers: [{name: c, \(probe)}]
            ---
            {kind: Service, metadata: {name: \(name)-service}, spec: {selector: {app: \(name)}}}
            """
        }
        let graph = try ObjectGraph(
            [workload("a", waitingFor: "none"), workload("b", waitingFor: "a-service")].joined(separator: "\n---\n"),
            workload("c", waitingFor: "b-service"))
        #expect(["a", "b", "c", "d"].map(graph.timeToBeThere) == [60, 120, 60, nil])
    }

    private func messages(_ fields: String, kind: String = "Deployment", isInit: Bool = false) throws -> [String] {
        try ObjectGraph(
            """
            kind: \(kind)
            metadata: {name: d}
            spec:
              template:
                spec:
                  \(isInit ? "containers: []\n      initContainers:" : "containers:")
                    - name: c
                      ports: [{name: http, containerPort: 80}]
                      \(fields)
            """
        ).unprobedContainers().map(\.message)
    }

    private static let figures = "initialDelaySeconds: 30, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3"

    private func probe(_ name: String, port: String = "http", _ figures: String = figures) -> String {
        "\(name): {tcpSocket: {port: \(port)}, \(figures)}"
    }

    @Test func aContainerNeedsThreeProbes() throws {
        let all = ["readinessProbe", "livenessProbe", "startupProbe"]
        let good = all.map { probe($0) }.joined(separator: "\n          ")
        #expect(try messages(good) == [])
        #expect(try messages("image: a") == all.map { "no \($0)" })
        #expect(try messages("image: a", kind: "Job") == [])
        #expect(try messages("image: a", isInit: true) == [])
        #expect(try messages("restartPolicy: Always", isInit: true) == all.map { "no \($0)" })
    }

    @Test(arguments: [
        ("initialDelaySeconds: 30", "initialDelaySeconds: 29", "readinessProbe.initialDelaySeconds is 29"),
        ("periodSeconds: 10", "periodSeconds: 31", "readinessProbe.periodSeconds is 31"),
        ("timeoutSeconds: 5, ", "", "readinessProbe.timeoutSeconds is not given"),
        ("failureThreshold: 3", "failureThreshold: 6", "readinessProbe.failureThreshold is 6"),
        ("port: http", "port: https", "a probe asks port https, which it has not"),
        ("port: http", "port: 81", "a probe asks port 81, which it has not"),
    ]) func aProbeHasTheDocumentedFigures(_ old: String, _ new: String, _ message: String) throws {
        let broken = probe("readinessProbe").split(separator: old, omittingEmptySubsequences: false)
            .joined(separator: new)
        let rest = ["livenessProbe", "startupProbe"].map { probe($0) }
        #expect(try messages(([broken] + rest).joined(separator: "\n          ")) == [message])
    }
}
