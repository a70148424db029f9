import Definition
import DefinitionTestSupport
import SystemPackage
import Testing

/// Kafka's agent gives its metrics the names that dashboards and alerts go by.
@Suite struct JMXRulesTests {
    private let rules: JMXRules
    /// Attributes that become metrics, and others.
    private let served: [String]
    private let leftOut: [String]
    private let exposition: Set<JMXRules.Metric>

    init() throws {
        rules = try JMXRules(yaml: #require(RenderedPlatform().text(ofConfigMap: "kafka-jmx", key: "rules.yaml")))
        let fixtures = repositoryRoot.appending("Tests/PlatformTests/Fixtures")
        let lines = try Self.lines(readText(at: fixtures.appending("mbeans/kafka.txt")))
        let end = try #require(lines.firstIndex(of: "---"))
        served = Array(lines[..<end])
        leftOut = Array(lines[(end + 1)...])
        exposition = try Set(Self.lines(readText(at: fixtures.appending("expositions/kafka.prom"))).map(Self.metric))
    }

    @Test func everyAttributeBecomesAMetricOfTheExposition() throws {
        for attribute in served {
            let metric = try #require(try rules.metric(of: attribute), "\(attribute)").metric
            #expect(exposition.contains(metric), "\(attribute) becomes \(metric)")
        }
    }

    @Test func everyMetricOfKafkaComesFromAnAttribute() throws {
        let made = Set(try served.compactMap { try rules.metric(of: $0)?.metric })
        for metric in exposition where metric.name.hasPrefix("kafka_") { #expect(made.contains(metric), "\(metric)") }
    }

    @Test func everyRuleIsOfUse() throws {
        let used = Set(try served.compactMap { try rules.metric(of: $0)?.rule })
        #expect(used == Set(0..<rules.count))
    }

    @Test func theRestIsLeftOut() throws {
        #expect(!leftOut.isEmpty)
        for attribute in leftOut { #expect(try rules.metric(of: attribute) == nil, "\(attribute)") }
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    /// The name and the labels' names of a sample, as in `name{label="value",} 1.0`.
    private static func metric(_ sample: String) -> JMXRules.Metric {
        JMXRules.Metric(
            name: String(sample.prefix { $0 != "{" && $0 != " " }),
            labels: Set(sample.matches(of: /(\w+)="/).map { String($0.output.1) })
        )
    }
}
