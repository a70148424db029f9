import BundleFormat
import Definition
import DefinitionTestSupport
import SystemPackage
import Testing
import Yams

@Suite struct GraphSettingTests {
    typealias Setting = (workload: String, key: String, value: String)

    /// Everything that would ask somebody on the Internet is switched off.
    static let offline: [Setting] = [
        ("traefik", "--global.checknewversion", "false"), ("traefik", "--global.sendanonymoususage", "false"),
        ("kafka", "KAFKA_CONFLUENT_SUPPORT_METRICS_ENABLE", "false"), ("kafka-ui", "DYNAMIC_CONFIG_ENABLED", "false"),
        ("ksqldb-server", "KSQL_CONFLUENT_SUPPORT_METRICS_ENABLE", "false"),
        ("elasticsearch", "ingest.geoip.downloader.enabled", "false"),
        ("elasticsearch", "xpack.monitoring.collection.enabled", "false"),
        ("grafana", "GF_ANALYTICS_REPORTING_ENABLED", "false"),
        ("grafana", "GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
        ("grafana", "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
        ("grafana", "GF_NEWS_NEWS_FEED_ENABLED", "false"), ("grafana", "GF_SECURITY_DISABLE_GRAVATAR", "true"),
    ]

    /// What the documents say of the components.
    static let documented: [Setting] = [
        ("traefik", "--entrypoints.web.address", ":80"), ("traefik", "--entrypoints.websecure.address", ":443"),
        ("traefik", "--entrypoints.flink.address", ":8083"), ("traefik", "--entrypoints.traefik.address", ":8082"),
        ("traefik", "--serverstransport.insecureskipverify", "true"),
        ("kafka", "KAFKA_PROCESS_ROLES", "broker,controller"), ("kafka", "KAFKA_AUTO_CREATE_TOPICS_ENABLE", "true"),
        ("kafka", "KAFKA_DEFAULT_REPLICATION_FACTOR", "1"),
        ("kafka", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
        ("kafka", "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
        ("kafka", "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"), ("kafka", "KAFKA_LOG_RETENTION_HOURS", "168"),
        ("kafka", "KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka-service:9092"),
        ("kafka", "KAFKA_LOG_DIRS", "/var/lib/kafka/data"),
        ("kafka-ui", "SERVER_SERVLET_CONTEXT_PATH", "/kafka-ui"),
        ("kafka-ui", "KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS", "kafka-service:9092"),
        ("schema-registry", "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS", "PLAINTEXT://kafka-service:9092"),
        ("schema-registry", "SCHEMA_REGISTRY_SCHEMA_COMPATIBILITY_LEVEL", "BACKWARD"),
        ("flink-jobmanager", "jobmanager.rpc.address", "flink-jobmanager-service"),
        ("flink-taskmanager", "taskmanager.numberOfTaskSlots", "2"),
        ("flink-taskmanager", "taskmanager.rpc.port", "6122"),
        ("flink-taskmanager", "taskmanager.memory.managed.fraction", "0.3"),
        ("flink-jobmanager", "execution.checkpointing.mode", "EXACTLY_ONCE"),
        ("flink-jobmanager", "execution.checkpointing.interval", "60s"),
        ("flink-jobmanager", "metrics.reporter.prom.port", "9249"),
        ("ksqldb-server", "KSQL_BOOTSTRAP_SERVERS", "kafka-service:9092"),
        ("ksqldb-server", "KSQL_KSQL_STREAMS_PROCESSING_GUARANTEE", "exactly_once_v2"),
        ("ksqldb-server", "KSQL_KSQL_SCHEMA_REGISTRY_URL", "http://schema-registry-service:8081"),
        ("ksqldb-server", "KSQL_KSQL_LOGGING_PROCESSING_TOPIC_AUTO_CREATE", "true"),
        ("ksqldb-server", "KSQL_KSQL_LOGGING_PROCESSING_STREAM_AUTO_CREATE", "true"),
        // Both the same, or the topic stays empty.
        ("ksqldb-server", "KSQL_KSQL_LOGGING_PROCESSING_TOPIC_NAME", "infometis_ksql_processing_log"),
        ("ksqldb-server", "log4j.appender.topic.Topic", "infometis_ksql_processing_log"),
        ("ksqldb-server", "log4j.appender.topic.BrokerList", "kafka-service:9092"),
        ("elasticsearch", "discovery.type", "single-node"), ("elasticsearch", "xpack.security.enabled", "false"),
        ("prometheus", "--storage.tsdb.retention.time", "15d"),
        ("grafana", "GF_SERVER_SERVE_FROM_SUB_PATH", "true"),
        ("nifi", "NIFI_WEB_HTTPS_PORT", "8443"), ("nifi", "kafka.brokers", "kafka-service:9092"),
        ("nifi-registry", "NIFI_REGISTRY_WEB_HTTP_PORT", "18080"),
    ]

    @Test(arguments: [nil, "small,restricted"]) func nothingPhonesHome(_ profile: String?) throws {
        let platform = try Variant(profile).rendered()
        let graph = ObjectGraph(platform)
        for setting in Self.offline {
            let found = graph.values(of: setting.key, of: setting.workload)
            #expect(found == [setting.value], "\(setting.workload) \(setting.key)")
        }
        let config = try #require(platform.definition.kubernetes?.config)
        let text = try readText(at: config.location)
        #expect(text.contains("telemetry:\n    enabled: false"))
        #expect(text.contains("default_pull_policy: Never"))
    }

    @Test func everyComponentIsSetUpAsDocumented() throws {
        let graph = try Variant().graph()
        for setting in Self.documented {
            let found = graph.values(of: setting.key, of: setting.workload)
            #expect(found == [setting.value], "\(setting.workload) \(setting.key)")
        }
    }

    /// Start scripts stop at these, or lose what they would write.
    @Test func noComponentHasWhatItsStartScriptRefuses() throws {
        let graph = try Variant().graph()
        for name in ["KAFKA_PORT", "KAFKA_HOST", "KAFKA_ADVERTISED_HOST", "KAFKA_ADVERTISED_PORT"] {
            #expect(graph.values(of: name, of: "kafka") == [], "\(name)")
        }
        #expect(graph.values(of: "SCHEMA_REGISTRY_PORT", of: "schema-registry") == [])
        #expect(graph.values(of: "NIFI_WEB_HTTP_PORT", of: "nifi") == [], "it would switch the login off")
        // It runs the server as a child, which then hears nothing of a stop.
        let ksqldb = graph.containers.filter { $0.image.contains("/ksqldb-") }.flatMap(\.words)
        #expect(!ksqldb.isEmpty && !ksqldb.contains { $0.contains("docker/run") })
        // Its start script ends at a stop, and with it the container, under a server that was told nothing.
        let registry = graph.containers.first { $0.image.contains("/nifi-registry:") }
        let stop = registry?.node["lifecycle"]?["preStop"]?["exec"]?["command"]?.items.compactMap(\.string)
        #expect(stop?.last == "stop")
        let covered = [
            "kafka": "/etc/kafka", "schema-registry": "/etc/schema-registry", "ksqldb-server": "/etc/ksqldb",
        ]
        for (workload, folder) in covered {
            let mounts = graph.containers.filter { $0.pod.object.name == workload && !$0.isInit }.flatMap(\.mounts)
            #expect(!mounts.contains { $0["mountPath"]?.string == folder }, "\(workload) \(folder)")
        }
    }

    /// Parameters reach what they are for.
    @Test(arguments: [
        ("kafkaRetentionHours", "24", "kafka", "KAFKA_LOG_RETENTION_HOURS"),
        ("kafkaSegmentBytes", "1048576", "kafka", "KAFKA_LOG_SEGMENT_BYTES"),
        ("schemaCompatibility", "FULL_TRANSITIVE", "schema-registry", "SCHEMA_REGISTRY_SCHEMA_COMPATIBILITY_LEVEL"),
        ("ksqlProcessingGuarantee", "at_least_once", "ksqldb-server", "KSQL_KSQL_STREAMS_PROCESSING_GUARANTEE"),
        ("ksqlCommitIntervalMs", "100", "ksqldb-server", "KSQL_KSQL_STREAMS_COMMIT_INTERVAL_MS"),
        ("flinkParallelism", "7", "flink-jobmanager", "parallelism.default"),
        ("flinkCheckpointInterval", "300s", "flink-jobmanager", "execution.checkpointing.interval"),
        ("flinkStateBackend", "rocksdb", "flink-taskmanager", "state.backend.type"),
        ("prometheusRetention", "3d", "prometheus", "--storage.tsdb.retention.time"),
        ("traefikDashboard", "false", "traefik", "--api.insecure"),
        ("nifiHeap", "1g", "nifi", "NIFI_JVM_HEAP_MAX"), ("nifiHeap", "256m", "nifi", "NIFI_JVM_HEAP_INIT"),
    ]) func aParameterReachesItsComponent(_ name: String, _ value: String, _ workload: String, _ key: String) throws {
        let graph = try Variant(nil, [name: value]).graph()
        #expect(graph.values(of: key, of: workload) == [value])
    }

    @Test func everyParameterIsUsed() throws {
        let definition = try RenderedPlatform().definition
        var files = definition.manifestsAndChecks.map(\.location)
        if let config = definition.kubernetes?.config { files.append(config.location) }
        let texts = try files.map { try readText(at: $0) }
        for parameter in definition.parameters {
            let isUsed = texts.contains { $0.contains("${{ \(parameter.name) }}") }
            #expect(isUsed, "\(parameter.name)")
            #expect(parameter.description != nil, "\(parameter.name)")
        }
    }

    @Test func aSettingIsFoundWhereverItStands() throws {
        let graph = try ObjectGraph(
            """
            {kind: ConfigMap, metadata: {name: m}, data: {a: "x.y: 1\\n# z: 2\\nkey=4"}}
            ---
            kind: Deployment
            metadata: {name: d}
            spec: {template: {spec: {volumes: [{name: v, configMap: {name: m}}],
              containers: [{args: ["--flag=3"], env: [{name: V, value: "5"}]}]}}}
            """)
        let wanted = ["x.y": "1", "--flag": "3", "key": "4", "V": "5"]
        for (key, value) in wanted {
            #expect(graph.setting(key, is: value, of: "d"), "\(key)")
            #expect(!graph.setting(key, is: "0", of: "d"))
        }
        #expect(graph.values(of: "z", of: "d") == [])
        #expect(graph.values(of: "x.y", of: "other") == [])
    }
}
