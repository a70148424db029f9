import DefinitionTestSupport
import SystemPackage
import TestSupport
import Testing
import Yams

/// The configuration of Prometheus and Alertmanager, as their own tools judge it.
@Suite struct PrometheusConfigTests {
    @Test(.enabled(if: Program.isInstalled("promtool"), "needs Debian's prometheus"))
    func prometheusTakesItsConfiguration() async throws {
        let folder = TemporaryDirectory()
        let files = try PrometheusFiles(RenderedPlatform())
        try files.write(to: folder.path)
        let said = try await Program.run("promtool", ["check", "config", folder.file("prometheus.yml").string])
        #expect(said.contains("SUCCESS: \(files.rules.count) rule files found"), "\(said)")
        for (file, _) in files.rules {
            _ = try await Program.run("promtool", ["check", "rules", folder.file(file).string])
        }
    }

    @Test(.enabled(if: Program.isInstalled("amtool"), "needs Debian's prometheus-alertmanager"))
    func alertmanagerTakesItsConfiguration() async throws {
        let folder = TemporaryDirectory()
        let text = try #require(
            try RenderedPlatform().text(ofConfigMap: "alertmanager-config", key: "alertmanager.yml"))
        try write(text, to: folder.file("alertmanager.yml"))
        let said = try await Program.run("amtool", ["check-config", folder.file("alertmanager.yml").string])
        #expect(said.contains("SUCCESS"), "\(said)")
    }

    @Test func alertmanagerNotifiesNobodyOutside() throws {
        let text = try #require(
            try RenderedPlatform().text(ofConfigMap: "alertmanager-config", key: "alertmanager.yml"))
        let receivers = try #require(try Yams.compose(yaml: text)?["receivers"]?.sequence)
        for receiver in receivers { #expect(strings(receiver).keys.sorted() == ["name"]) }
    }

    @Test func everyTargetIsAPortOfAService() throws {
        let platform = try RenderedPlatform()
        var wrong: [String] = []
        for target in try Self.targets(of: platform) {
            let ports = platform.object("Service", target.host)?.node["spec"]?["ports"]?.sequence ?? []
            if !ports.contains(where: { $0["port"]?.int == target.port }) {
                wrong.append("\(target.host):\(target.port)")
            }
        }
        #expect(wrong == [])
    }

    @Test func everyComponentIsCollectedFrom() throws {
        let jobs = try PrometheusFiles(RenderedPlatform()).jobs
        #expect(Set(jobs).count == jobs.count)
        #expect(
            Set(jobs) == [
                "traefik", "kafka", "flink-jobmanager", "flink-taskmanager", "ksqldb", "elasticsearch", "node",
                "prometheus", "alertmanager", "grafana", "nifi",
            ])
    }

    /// What Prometheus asks, by name or by the addresses behind a name.
    private static func targets(of platform: RenderedPlatform) throws -> [(host: String, port: Int)] {
        let root = try #require(try Yams.compose(yaml: PrometheusFiles(platform).configuration))
        let jobs = try #require(root["scrape_configs"]?.sequence) + (root["alerting"]?["alertmanagers"]?.sequence ?? [])
        return try jobs.flatMap { job in
            let fixed = try (job["static_configs"]?.sequence ?? []).flatMap { $0["targets"]?.sequence ?? [] }.map {
                let parts = try #require($0.string).split(separator: ":").map(String.init)
                return (host: parts[0], port: try #require(Int(parts[1])))
            }
            let named = try (job["dns_sd_configs"]?.sequence ?? []).map {
                (host: try #require($0["names"]?[0]?.string), port: try #require($0["port"]?.int))
            }
            return fixed + named
        }
    }
}
