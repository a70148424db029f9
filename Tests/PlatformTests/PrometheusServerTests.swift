import DefinitionTestSupport
import SystemPackage
import TestSupport
import Testing
import Yams

/// Debian's real Prometheus, Alertmanager and node exporter with the bundle's configuration and arguments.
@Suite(.enabled(if: MonitoringPrograms.areInstalled, Comment(rawValue: MonitoringPrograms.missing)))
struct PrometheusServerTests {
    @Test func theMonitoringWorksTogether() async throws {
        let folder = TemporaryDirectory()
        let path = folder.path
        let platform = try RenderedPlatform()
        let ports = Daemons.freePorts(4)
        let files = try PrometheusFiles(platform)
        // Nothing listens on the last port: what is not there is to be told as down.
        var targets = Dictionary(
            uniqueKeysWithValues: try files.jobs.map { ($0, PrometheusFiles.Target(port: ports[3])) })
        targets["prometheus"] = .init(port: ports[0])
        targets["alertmanager"] = .init(port: ports[1])
        targets["node"] = .init(port: ports[2])
        try files.write(to: path, targets: targets, alertmanager: ports[1])
        let alwaysFires = """
            groups: [{name: test, rules: [{alert: AlwaysFires, expr: vector(1), labels: {severity: none}}]}]
            """
        try write(alwaysFires, to: path.appending("test.rules.yml"))
        let text = try #require(platform.text(ofConfigMap: "alertmanager-config", key: "alertmanager.yml"))
        try write(text, to: path.appending("alertmanager.yml"))

        let programs = MonitoringPrograms(platform: platform, folder: path)
        let commands = [
            try programs.prometheus(port: ports[0]), try programs.alertmanager(port: ports[1]),
            try programs.nodeExporter(port: ports[2]),
        ]
        let alerts = try AlertRule.all(of: platform)
        try await Daemons.run(commands, ports: Array(ports[0..<3]), log: path.appending("log")) {
            let prometheus = PrometheusServer(port: ports[0], prefix: "/prometheus")
            try await answers(prometheus, jobs: targets.keys.sorted(), alerts: alerts)
            let alertmanager = PrometheusServer(port: ports[1], prefix: "/alertmanager")
            #expect(try await alertmanager.get("/-/ready") == "OK")
            let arrived = try await Daemons.eventually {
                try await alertmanager.get("/api/v2/alerts").contains("AlwaysFires")
            }
            #expect(arrived)
        }
    }

    private func answers(_ prometheus: PrometheusServer, jobs: [String], alerts: [AlertRule]) async throws {
        let isReady = try await Daemons.eventually { try await prometheus.get("/-/ready").contains("is Ready") }
        #expect(isReady)
        // The probes' paths are below the path of its pages, and nowhere else.
        #expect(try await PrometheusServer(port: prometheus.port, prefix: "").get("/-/ready").contains("404"))
        let groups = try #require(try await prometheus.data("rules")["groups"]?.sequence)
        let loaded = groups.flatMap { $0["rules"]?.sequence ?? [] }.compactMap { $0["name"]?.string }
        #expect(loaded.sorted() == (alerts.map(\.name) + ["AlwaysFires"]).sorted())
        let up = ["alertmanager", "node", "prometheus"]
        let areSeen = try await Daemons.eventually {
            let health = try await prometheus.health()
            return jobs.allSatisfy { health[$0] == [up.contains($0) ? "up" : "down"] }
        }
        let health = try await prometheus.health()
        #expect(areSeen, "\(health)")
        #expect(try await prometheus.samples(of: "node_filesystem_size_bytes") > 0)
    }
}
