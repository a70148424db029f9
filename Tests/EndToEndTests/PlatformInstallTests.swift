import Definition
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The whole platform through `sealift lock` and `build`, and onto a machine without network.
@Suite(.enabled(if: Harbour.isAvailable, Comment(rawValue: Harbour.need)))
struct PlatformInstallTests {
    private struct Event: Decodable {
        var event: String?
        var step: String?
        var addresses: [String]?
        var secrets: [String]?
        var images: Int?
        var check: String?
        var layer: String?
        var passed: Bool?
    }

    @Test func installsInSixStagesWithAllChecks() async throws {
        let platform = try await PlatformBundle()
        #expect(platform.lock.entries(for: "infometis").allSatisfy { $0.resolution != nil })
        let log = try await platform.run("platform")
        try expectRefusals(log)
        let install = log["install"]
        try #require(install.status == 0, "\(install.output)")
        let events = try install.lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
        let stages = ["core", "data", "processing", "storage", "visualisation", "ingestion"]
        #expect(
            events.filter { $0.event == "finished" }.compactMap(\.step).filter { $0.hasPrefix("stage-") }
                == stages.map { "stage-\($0)" })
        try expectChecks(events, of: platform)
        try expectSummary(events, of: platform)
        try expectState(log, of: platform)
    }

    private func expectRefusals(_ log: MachineLog) throws {
        #expect(log["preflight"].status == 0, "\(log["preflight"].output)")
        // The figures of the document are too much for any machine that runs tests.
        #expect(log["too large"].status == 65)
        #expect(log["parameters"].status == 0)
        let words = log["parameters"].lines.map { $0.split(separator: " ").map(String.init) }
        #expect(words.contains { $0.starts(with: ["kafkaHeap", "string", "2g", "heap", "of", "Kafka,"]) })
        #expect(words.contains { $0.starts(with: ["nifiPassword", "string", "(generated)"]) })
        #expect(words.contains { $0.starts(with: ["pullPolicy", "string", "Never"]) && $0.last == "IfNotPresent" })
        #expect(words.contains { $0.first == "small" } && words.contains { $0.first == "(none)" })
        #expect(log["wrong"].status == 65)
        #expect(
            log["wrong"].output.contains("parameter 'pullPolicy' can't be 'never': the choices are Never, IfNotPresent")
        )
        #expect(log["unknown"].status == 65)
        #expect(log["unknown"].output.contains("did you mean 'small'?"))
    }

    /// Every check Job of the bundle was run once, and every stage has one of each layer.
    private func expectChecks(_ events: [Event], of platform: PlatformBundle) throws {
        let passed = events.filter { $0.check != nil && $0.passed == true }
        let layers = ["connectivity", "function", "integration"]
        for stage in platform.definition.stages {
            let own = passed.filter { $0.check?.hasPrefix("check-\(stage.name)-") == true }.compactMap(\.layer)
            #expect(Set(own).isSuperset(of: layers), "\(stage.name)")
        }
        #expect(!events.contains { $0.check != nil && $0.passed == false })
    }

    private func expectSummary(_ events: [Event], of platform: PlatformBundle) throws {
        let summary = try #require(events.last)
        #expect(summary.images == platform.lock.entries(for: "infometis").count)
        let addresses = Set(summary.addresses ?? [])
        let node = "203.0.113.254"
        for page in [":8082/dashboard/", ":8083/", "/nifi", "/kafka-ui", "/grafana", "/prometheus", "/alertmanager"] {
            #expect(addresses.contains { $0 == "http://\(node)\(page)" || $0 == "http://\(node)\(page)/" }, "\(page)")
        }
        #expect(summary.secrets == ["grafanaPassword", "kafkaClusterId", "nifiPassword", "nifiSensitiveKey"])
    }

    private func expectState(_ log: MachineLog, of platform: PlatformBundle) throws {
        #expect(log["status"].status == 0, "\(log["status"].output)")
        #expect(log["verify"].status == 0, "\(log["verify"].output)")
        #expect(log["pattern"].status == 0)
        #expect(log["claims"].lines.count >= 10)
        for line in log["claims"].lines {
            let words = line.split(separator: " ")
            #expect(words.count == 3 && words[1] == "Bound" && words[2] == "infometis-\(words[0])", "\(line)")
        }
        #expect(log["policies"].lines.allSatisfy { $0.hasPrefix("Retain /srv/infometis/") && $0.hasSuffix("-data") })
        #expect(
            log["files"].lines.sorted()
                == platform.definition.files.map { "/var/lib/sealift/files/\($0.name)" }.sorted())
        #expect(log["secrets"].output.hasPrefix("{"))
    }
}
