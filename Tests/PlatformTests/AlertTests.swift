import DefinitionTestSupport
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing
import Yams

private let fixtures = repositoryRoot.appending("Tests/PlatformTests/Fixtures/alerts")

/// Every alert, tried with figures by Prometheus' own `promtool test rules`.
@Suite struct AlertTests {
    private static func cases() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixtures.string).filter { $0.hasSuffix(".yml") }.sorted()
    }

    @Test(.enabled(if: Program.isInstalled("promtool"), "needs Debian's prometheus"), arguments: try cases())
    func alertsFireWhenTheyShould(_ file: String) async throws {
        let folder = TemporaryDirectory()
        try Self.writeRules(to: folder.path)
        try write(contents(of: fixtures.appending(file)), to: folder.file(file))
        let said = try await Self.promtool(["test", "rules", file], in: folder.path)
        #expect(said.succeeded, "\(said.text)")
    }

    @Test(.enabled(if: Program.isInstalled("promtool"), "needs Debian's prometheus"))
    func aWrongExpectationIsNoticed() async throws {
        let folder = TemporaryDirectory()
        try Self.writeRules(to: folder.path)
        let text = """
            rule_files: [availability.rules.yml]
            tests:
              - interval: 1m
                input_series: [{series: 'up{job="kafka"}', values: "0x10"}]
                alert_rule_test: [{eval_time: 5m, alertname: KafkaDown}]
            """
        try write(text, to: folder.file("wrong.yml"))
        #expect(try await !Self.promtool(["test", "rules", "wrong.yml"], in: folder.path).succeeded)
    }

    @Test func everyAlertIsTriedBothWays() throws {
        var fires: Set<String> = []
        var keepsSilent: Set<String> = []
        for file in try Self.cases() {
            let text = String(decoding: try contents(of: fixtures.appending(file)), as: UTF8.self)
            for test in try #require(try Yams.compose(yaml: text)?["tests"]?.sequence) {
                for expectation in try #require(test["alert_rule_test"]?.sequence) {
                    let name = try #require(expectation["alertname"]?.string)
                    if expectation["exp_alerts"] == nil { keepsSilent.insert(name) } else { fires.insert(name) }
                }
            }
        }
        let alerts = Set(try AlertRule.all(of: RenderedPlatform()).map(\.name))
        #expect(fires == alerts)
        #expect(keepsSilent == alerts)
    }

    @Test func everyAlertSaysWhatItIsAboutAndWhatToDo() throws {
        let alerts = try AlertRule.all(of: RenderedPlatform())
        #expect(Set(alerts.map(\.name)).count == alerts.count)
        for alert in alerts {
            #expect(["critical", "warning"].contains(alert.labels["severity"]), "\(alert.name)")
            #expect(alert.labels["component"]?.isEmpty == false, "\(alert.name)")
            #expect(alert.annotations["summary"]?.isEmpty == false, "\(alert.name)")
            #expect((alert.annotations["description"] ?? "").count > 40, "\(alert.name)")
        }
    }

    /// The rules without their annotations, which promtool would compare word for word.
    private static func writeRules(to folder: FilePath) throws {
        for (file, text) in try PrometheusFiles(RenderedPlatform()).rules {
            var root = try #require(try Yams.compose(yaml: text))
            var groups = try #require(root["groups"]?.sequence)
            for group in groups.indices {
                var rules = try #require(groups[group]["rules"]?.sequence)
                for rule in rules.indices { rules[rule].mapping?["annotations"] = nil }
                groups[group]["rules"] = Node(Array(rules))
            }
            root["groups"] = Node(Array(groups))
            try write(try Yams.serialize(node: root), to: folder.appending(file))
        }
    }

    private static func promtool(
        _ arguments: [String], in folder: FilePath
    ) async throws -> (succeeded: Bool, text: String) {
        let quoted = arguments.joined(separator: " ")
        let script = "cd '\(folder)' && if promtool \(quoted) 2>&1; then echo succeeded; fi"
        let text = try await Program.run("sh", ["-c", script])
        return (text.hasSuffix("succeeded\n"), text)
    }
}
