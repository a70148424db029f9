import Definition
import Testing

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
            let object = try #require(graph.objects.first { $0.isLongRunning && $0.name == name })
            let stage = try #require(platform.definition.stages.first { $0.name == object.stage })
            #expect(stage.readyTimeout >= given, "the stage of \(name) ends before it must have started")
        }
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
