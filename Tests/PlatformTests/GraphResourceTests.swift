import Testing
import Yams

@Suite struct GraphResourceTests {
    /// The documented table, and the figures of components that the documents name without any.
    static let figures: [(workload: String, cpu: String, memory: String, cpuLimit: String, memoryLimit: String)] = [
        ("nifi", "1000m", "2Gi", "2000m", "4Gi"),
        ("kafka", "1000m", "2Gi", "2000m", "4Gi"),
        ("flink-jobmanager", "500m", "1Gi", "1000m", "2Gi"),
        ("flink-taskmanager", "500m", "1Gi", "1000m", "2Gi"),
        ("elasticsearch", "1000m", "2Gi", "2000m", "4Gi"),
        ("prometheus", "500m", "1Gi", "1000m", "2Gi"),
        ("ksqldb-server", "500m", "1Gi", "1000m", "2Gi"),
        ("schema-registry", "250m", "512Mi", "1000m", "1Gi"),
        ("nifi-registry", "500m", "512Mi", "1000m", "1Gi"),
        ("grafana", "200m", "256Mi", "500m", "512Mi"),
        ("alertmanager", "100m", "128Mi", "500m", "512Mi"),
        ("traefik", "100m", "128Mi", "500m", "256Mi"),
        ("node-exporter", "100m", "100Mi", "200m", "200Mi"),
    ]

    @Test(arguments: [nil, "standard", "development", "restricted"])
    func workloadsAskForTheDocumentedAmounts(_ profile: String?) throws {
        let graph = try Variant(profile).graph()
        for row in Self.figures {
            let pod = try #require(
                graph.pods.first { $0.object.isLongRunning && $0.object.name == row.workload }, "\(row.workload)")
            let resources = try #require(pod.containers.first { !$0.isInit }?.node["resources"])
            let requests = strings(resources["requests"])
            let limits = strings(resources["limits"])
            #expect(requests == ["cpu": row.cpu, "memory": row.memory], "\(row.workload)")
            #expect(limits == ["cpu": row.cpuLimit, "memory": row.memoryLimit], "\(row.workload)")
        }
    }

    /// 8 GB of memory, without what k0s and the system need.
    @Test(arguments: ["small", "small,restricted"]) func theSmallProfileFitsASmallMachine(_ profile: String) throws {
        #expect(try Variant(profile).graph().memoryRequested() <= 6656 << 20)
        // Says that the sum is one: the documented figures are far above.
        #expect(try Variant("standard").graph().memoryRequested() > 9 << 30)
    }

    @Test(
        arguments: [
            ("requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}", []),
            ("requests: {cpu: 1}, limits: {cpu: 1, memory: 1Gi}", ["no request of memory"]),
            ("requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}", ["no limit of cpu"]),
            (
                "requests: {cpu: 1500m, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}",
                ["asks for more cpu than its limit"]
            ),
            ("", ["no request of cpu", "no request of memory"]),
        ] as [(String, [String])]) func findsUnbounded(_ resources: String, _ messages: [String]) throws
    {
        for list in ["containers: [", "containers: [], initContainers: ["] {
            let graph = try ObjectGraph(
                "{kind: Pod, metadata: {name: p}, spec: {\(list){name: c, resources: {\(resources)}}]}}")
            #expect(graph.unboundedContainers().map(\.message) == messages)
        }
    }

    @Test func findsPullPolicies() throws {
        let graph = try ObjectGraph(
            """
            {kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, imagePullPolicy: Never}, {name: b}],
            initContainers: [{name: c, imagePullPolicy: Always}]}}
            """)
        #expect(
            graph.pullPolicies(otherThan: "Never").map(\.description) == [
                "Pod/p c: its pull policy is Always, not Never", "Pod/p b: its pull policy is missing, not Never",
            ])
    }

    @Test(arguments: [
        ("KAFKA_HEAP_OPTS", "-Xms1g -Xmx1g", true), ("KAFKA_HEAP_OPTS", "-Xmx1700m", false),
        ("NIFI_JVM_HEAP_MAX", "2g", false), ("NIFI_JVM_HEAP_INIT", "512m", true), ("OPTS", "-Xmx1Gi", false),
    ]) func findsLargeHeaps(_ name: String, _ value: String, _ fits: Bool) throws {
        let graph = try ObjectGraph(
            """
            {kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, env: [{name: \(name), value: "\(value)"}],
            resources: {limits: {memory: 2Gi}}}]}}
            """)
        #expect(graph.tooLargeHeaps().isEmpty == fits)
    }

    @Test(arguments: [("1600m", true), ("2048m", true), ("2049m", false)])
    func findsLargeFlinkProcesses(_ size: String, _ fits: Bool) throws {
        let graph = try ObjectGraph(
            """
            kind: ConfigMap
            metadata: {name: m}
            data:
              flink-conf.yaml: |
                taskmanager.memory.process.size: 9g
                jobmanager.memory.process.size: \(size)
            ---
            {kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: apache/flink:1, args: [jobmanager],
            resources: {limits: {memory: 2Gi}}}]}}
            """)
        #expect(graph.tooLargeHeaps().isEmpty == fits)
    }
}
