import DefinitionTestSupport
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import Yams

private let fixtures = repositoryRoot.appending("Tests/PlatformTests/Fixtures/expositions")

/// Every expression of the alerts and dashboards, asked of a real Prometheus that collects what each component serves:
/// recorded or written after its sources (each file says which), and live from what Debian has.
@Suite(.enabled(if: MonitoringPrograms.areInstalled, Comment(rawValue: MonitoringPrograms.missing)))
struct ExpositionTests {
    /// The file of each job, and the beginning of the names that the job has of it.
    private static let files = [
        "traefik": ("traefik.prom", ""), "kafka": ("kafka.prom", ""), "ksqldb": ("ksqldb.prom", ""),
        "elasticsearch": ("elasticsearch.prom", ""), "grafana": ("grafana.prom", ""), "nifi": ("nifi.prom", ""),
        "flink-jobmanager": ("flink.prom", "flink_jobmanager_"),
        "flink-taskmanager": ("flink.prom", "flink_taskmanager_"),
    ]
    /// Prometheus makes it itself, and only while an alert is pending or fires.
    private static let madeByRules: Set = ["ALERTS"]
    /// Panels without data on a healthy machine on which nothing happens, each saying so: there is a quotient only
    /// where something was asked, an alert only where something is wrong; and a container has neither disks nor
    /// interfaces of its own.
    private static let mayBeEmpty: Set = [
        "Elasticsearch/Time of one operation", "Platform overview/Firing alerts", "Node/Read and written",
        "Node/Operations", "Node/Time that disks were busy", "Node/Traffic",
    ]

    /// A source of Flink's older kind, such as the recorded one, does not know how busy it is, and says NaN.
    private static let mayBeUnknown = "Flink/Busiest task"

    @Test func everyExpressionIsOneThatComponentsAnswer() async throws {
        // Once in a dozen runs a daemon does not serve at all on a machine that does much else; the reason is printed.
        if let complaint = try await askEverything() {
            print("once more with other ports, since \(complaint)")
            let again = try await askEverything()
            #expect(again == nil)
        }
    }

    /// What kept the components from being collected from; `nil` where nothing did, and all was asked.
    private func askEverything() async throws -> String? {
        let folder = TemporaryDirectory()
        let path = folder.path
        let platform = try RenderedPlatform()
        let ports = Daemons.freePorts(4)
        let files = try PrometheusFiles(platform)
        var targets = Dictionary(
            uniqueKeysWithValues: Self.files.keys.map { ($0, PrometheusFiles.Target(port: ports[3], path: "/\($0)")) })
        targets["prometheus"] = .init(port: ports[0])
        targets["alertmanager"] = .init(port: ports[1])
        targets["node"] = .init(port: ports[2])
        try files.write(to: path, targets: targets, alertmanager: ports[1])
        let text = try #require(platform.text(ofConfigMap: "alertmanager-config", key: "alertmanager.yml"))
        try write(text, to: path.appending("alertmanager.yml"))
        try Self.writeExpositions(to: path.appending("served"))

        let programs = MonitoringPrograms(platform: platform, folder: path)
        let commands = [
            try programs.prometheus(port: ports[0]), try programs.alertmanager(port: ports[1]),
            try programs.nodeExporter(port: ports[2]),
            [
                "/usr/bin/python3", "-m", "http.server", "\(ports[3])", "--bind", "127.0.0.1", "--directory",
                path.appending("served").string,
            ],
        ]
        let (jobs, log) = (targets.keys.sorted(), path.appending("log"))
        return try await Daemons.run(commands, ports: ports, log: log) {
            let prometheus = PrometheusServer(port: ports[0], prefix: "/prometheus")
            if let complaint = try await targetThatIsDown(prometheus, jobs, log: log) { return complaint }
            try await ask(prometheus, platform)
            return nil
        }
    }

    /// Waits until rates can be told of everything; where that never comes, says why.
    private func targetThatIsDown(
        _ prometheus: PrometheusServer, _ jobs: [String], log: FilePath
    ) async throws -> String? {
        let areThere = try await Daemons.eventually {
            try await prometheus.samples(of: "count_over_time(up[1m]) > 3 and up == 1") == jobs.count
        }
        guard areThere else {
            let said = String(decoding: try contents(of: log), as: UTF8.self).split(separator: "\n").suffix(40)
            return "\(try await prometheus.complaints())\n\(said.joined(separator: "\n"))"
        }
        let alertmanager = "prometheus_notifications_alertmanagers_discovered > 0"
        let isKnown = try await Daemons.eventually { try await prometheus.samples(of: alertmanager) == 1 }
        #expect(isKnown)
        return nil
    }

    private func ask(_ prometheus: PrometheusServer, _ platform: RenderedPlatform) async throws {
        let known = Set(
            try #require(try await prometheus.data("label/__name__/values").sequence).compactMap(\.string)
        ).union(Self.madeByRules)
        let dashboards = try Dashboard.all(of: platform).values.sorted { $0.title < $1.title }
        for dashboard in dashboards {
            for (place, text, most) in dashboard.expressions() {
                #expect(PromQLNames(text).names.subtracting(known) == [], "\(place)")
                let values = try await prometheus.values(of: text)
                let panel = place.split(separator: "/").prefix(2).joined(separator: "/")
                let isEmptyByNature = Self.mayBeEmpty.contains(panel) || place.hasSuffix("/annotation")
                #expect(!values.isEmpty || isEmptyByNature, "no data for \(place): \(text)")
                // A rate is extrapolated, so it may go beyond the end by a little; a part taken for a percentage does
                // so by far.
                if let most {
                    let told = values.filter { !$0.isNaN || panel != Self.mayBeUnknown }
                    #expect(told.allSatisfy { $0 <= most * 1.1 }, "\(place): \(values)")
                }
            }
            for variable in dashboard.templating.list { try await offersValues(variable, prometheus) }
        }
        for alert in try AlertRule.all(of: platform) {
            #expect(PromQLNames(alert.expression).names.subtracting(known) == [], "\(alert.name)")
            let count = try await prometheus.samples(of: alert.expression)
            // What this machine is short of is no fault of the bundle.
            if alert.labels["component"] != "node" { #expect(count == 0, "\(alert.name) where all is well") }
        }
        await #expect(throws: PrometheusServer.Refused.self) { try await prometheus.samples(of: "sum(") }
    }

    /// `label_values(metric, label)` has some.
    private func offersValues(_ variable: Dashboard.Variables.Variable, _ prometheus: PrometheusServer) async throws {
        let parts = variable.query.query.split { "(), ".contains($0) }.map(String.init)
        try #require(parts.count == 3 && parts[0] == "label_values", "\(variable.name)")
        #expect(try await prometheus.samples(of: "group by (\(parts[2])) (\(parts[1]){\(parts[2])!=\"\"})") > 0)
    }

    private static func writeExpositions(to folder: FilePath) throws {
        for (job, (file, beginning)) in files {
            let text = String(decoding: try contents(of: fixtures.appending(file)), as: UTF8.self)
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("#") || $0.hasPrefix(beginning) }
            try write((lines.joined(separator: "\n") + "\n").utf8, to: folder.appending(job))
        }
    }

    @Test(arguments: try FileManager.default.contentsOfDirectory(atPath: fixtures.string).sorted())
    func everyListNamesItsSource(_ file: String) throws {
        let text = String(decoding: try contents(of: fixtures.appending(file)), as: UTF8.self)
        let head = text.split(separator: "\n").prefix { $0.hasPrefix("# ") && !$0.hasPrefix("# TYPE") }
        #expect(head.joined().count > 80)
    }

    @Test(arguments: [
        ("up", ["up"]), ("sum by (a, b) (rate(x_total{c=~\"d|e\"}[5m])) / on (f) group_left (g) y", ["x_total", "y"]),
        ("topk(3, a:b) or vector(0) unless 1e3 * c offset 5m", ["a:b", "c"]),
        ("sum(a) without (b) > bool 0x1f and {d=\"e\\\"f\"}", ["a"]),
        ("label_replace(v, \"x\", \"y\", \"z\", \"\")", ["v"]),
    ]) func namesAreFoundInExpressions(_ expression: String, _ names: [String]) {
        #expect(PromQLNames(expression).names.sorted() == names)
    }
}
