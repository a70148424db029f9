import Definition
import SystemPackage
import TestSupport
import Testing
import Yams

/// What can be said of Flink's configuration without running it.
@Suite struct FlinkSettingsTests {
    @Test(arguments: [nil, "small"] as [String?]) func aRunChangesPlacesOnly(_ profile: String?) throws {
        let platform = try RenderedPlatform(profile: profile)
        let before = FlinkSettings(text: try platform.config("flink-config", "flink-conf.yaml"))
        let changes = FlinkRun.changes(work: "/elsewhere", ports: [1, 2, 3, 4], metrics: 5)
        let after = try before.with(changes).values
        let changed = before.values.filter { after[$0.key] != $0.value }.keys
        #expect(after.count == before.values.count)
        #expect(Set(changed) == Set(changes.keys))
        for key in changed {
            let isPlace = [".port", ".address", ".host", "bind-host", "bind-address", ".dir", ".dirs"].contains {
                key.hasSuffix($0)
            }
            #expect(isPlace, "\(key)")
        }
    }

    @Test func aKeyThatIsNotThereCantBeChanged() {
        #expect(throws: FlinkSettings.Missing.self) { try FlinkSettings(text: "a: 1\n# b: 2").with(["b": "3"]) }
    }

    @Test(arguments: [nil, "small"] as [String?]) func theConfigurationIsAsDocumented(_ profile: String?) throws {
        let platform = try RenderedPlatform(profile: profile)
        let values = FlinkSettings(text: try platform.config("flink-config", "flink-conf.yaml")).values
        let documented = [
            "jobmanager.rpc.address": "flink-jobmanager-service", "jobmanager.rpc.port": "6123",
            "blob.server.port": "6124", "taskmanager.rpc.port": "6122", "taskmanager.numberOfTaskSlots": "2",
            "taskmanager.memory.managed.fraction": "0.3", "execution.checkpointing.mode": "EXACTLY_ONCE",
            "metrics.reporter.prom.port": "9249", "rest.bind-address": "0.0.0.0",
        ]
        for (key, value) in documented { #expect(values[key] == value, "\(key)") }
        #expect(values["parallelism.default"] == platform.values["flinkParallelism"])
        #expect(values["state.backend.type"] == platform.values["flinkStateBackend"])
    }

    /// The process is the whole of the container but for what the shell around it needs.
    @Test(arguments: [nil, "small"] as [String?], ["flinkJobManager", "flinkTaskManager"])
    func aProcessFitsItsContainer(_ profile: String?, _ role: String) throws {
        let values = try RenderedPlatform(profile: profile).values
        let process = try #require(values["\(role)ProcessSize"].flatMap { Int($0.dropLast()) })
        let limit = try #require(values["\(role)MemoryLimit"])
        let megabytes = limit.hasSuffix("Gi") ? Int(limit.dropLast(2)).map { $0 * 1024 } : Int(limit.dropLast(2))
        #expect(try process + 64 <= #require(megabytes))
    }

    @Test func whoeverRunsSQLHasTheConnectorsOfTheBundle() throws {
        let platform = try RenderedPlatform()
        let jars = platform.definition.files.map(\.name).filter { $0.hasPrefix("flink-sql-connector-") }
        #expect(jars.count == 2)
        let needed = [
            "flink-jobmanager": jars, "flink-taskmanager": jars, "check-pattern-etl": jars,
            "check-pattern-events": jars.filter { $0.contains("kafka") },
            "check-processing-integration-flink": jars.filter { $0.contains("kafka") },
        ]
        for (name, jars) in needed {
            let pod = try #require(platform.objects.first { $0.name == name && $0.podSpec != nil }?.podSpec)
            let paths = (pod["volumes"]?.sequence ?? []).compactMap { $0["hostPath"]?["path"]?.string }
            #expect(Set(paths) == Set(jars.map { "/var/lib/sealift/files/\($0)" }), "\(name)")
            let containers = ["initContainers", "containers"].flatMap { Array(pod[$0]?.sequence ?? []) }
            let mounts = containers.flatMap { Array($0["volumeMounts"]?.sequence ?? []) }
                .compactMap { $0["mountPath"]?.string }.filter { $0.hasPrefix("/opt/flink/lib/") }
            #expect(Set(mounts) == Set(jars.map { "/opt/flink/lib/\($0)" }), "\(name)")
        }
    }

    @Test(arguments: FlinkRun.patterns.map(\.name)) func theSQLNamesServicesOfThePlatform(_ name: String) throws {
        let platform = try RenderedPlatform()
        let pattern = try #require(FlinkRun.patterns.first { $0.name == name })
        let sql = FlinkSQL(try platform.config(name, pattern.sql), run: "run-1")
        #expect(sql.tables.map(\.name) == [pattern.source, pattern.sink])
        let text = sql.statements.joined(separator: "\n")
        let hosts = text.matches(of: #/([a-z-]+-service):(\d+)/#)
        #expect(!hosts.isEmpty)
        for host in hosts {
            let service = try #require(platform.object("Service", String(host.1)))
            let ports = (service.node["spec"]?["ports"]?.sequence ?? []).compactMap { $0["port"]?.string }
            #expect(ports.contains(String(host.2)), "\(host.0)")
        }
        #expect(!text.contains("@run@"))
        for name in sql.tables.flatMap(\.options) where name.hasPrefix("'topic'") || name.hasPrefix("'index'") {
            #expect(name.hasSuffix("-run-1'"), "\(name)")
        }
    }

    /// The page shows no SQL: it takes what the checks have.
    @Test func theTutorialTakesWhatIsThere() throws {
        let platform = try RenderedPlatform()
        let page = RenderedPlatform.folder.removingLastComponent().removingLastComponent()
            .appending("docs/platform/tutorial.md")
        let text = String(decoding: try contents(of: page), as: UTF8.self)
        let samples = text.matches(of: #/sample (?<pattern>[a-z-]+) (?<key>[a-z]+\.[a-z]+)/#)
        #expect(Set(samples.map(\.pattern)) == ["etl", "stream-analytics", "events"])
        for sample in samples {
            #expect(platform.text(ofConfigMap: "pattern-\(sample.pattern)", key: String(sample.key)) != nil)
        }
        for jar in platform.definition.files.map(\.name) { #expect(text.contains("/files/\(jar),"), "\(jar)") }
        for image in text.matches(of: #/image: (\S+)/#) {
            #expect(platform.files.contains { $0.text.contains("image: \(image.1)\n") }, "\(image.1)")
        }
    }
}
