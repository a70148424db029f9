import Definition
import DefinitionTestSupport
import SystemPackage
import Testing

/// Kafka's and ksqlDB's agents give their metrics the names that dashboards and alerts go by.
@Suite struct JMXRulesTests {
    /// One of the two: its rules, and what the fixtures say of it.
    struct Component {
        let rules: JMXRules
        /// Attributes that become metrics, and others.
        let served: [String]
        let leftOut: [String]
        let exposition: Set<JMXRules.Metric>

        init(_ name: String) throws {
            rules = try JMXRules(yaml: #require(RenderedPlatform().text(ofConfigMap: "\(name)-jmx", key: "rules.yaml")))
            let fixtures = repositoryRoot.appending("Tests/PlatformTests/Fixtures")
            let lines = try Self.lines(readText(at: fixtures.appending("mbeans/\(name).txt")))
            let end = try #require(lines.firstIndex(of: "---"))
            served = Array(lines[..<end])
            leftOut = Array(lines[(end + 1)...])
            exposition = try Set(
                Self.lines(readText(at: fixtures.appending("expositions/\(name).prom"))).map(Self.metric))
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

    static let components = ["kafka", "ksqldb"]

    @Test(arguments: components) func everyAttributeBecomesAMetricOfTheExposition(_ name: String) throws {
        let component = try Component(name)
        for attribute in component.served {
            let metric = try #require(try component.rules.metric(of: attribute), "\(attribute)").metric
            #expect(component.exposition.contains(metric), "\(attribute) becomes \(metric)")
        }
    }

    @Test(arguments: components) func everyMetricOfItsOwnComesFromAnAttribute(_ name: String) throws {
        let component = try Component(name)
        let made = Set(try component.served.compactMap { try component.rules.metric(of: $0)?.metric })
        for metric in component.exposition where metric.name.hasPrefix("\(name)_") {
            #expect(made.contains(metric), "\(metric)")
        }
    }

    @Test(arguments: components) func everyRuleIsOfUse(_ name: String) throws {
        let component = try Component(name)
        let used = Set(try component.served.compactMap { try component.rules.metric(of: $0)?.rule })
        #expect(used == Set(0..<component.rules.count))
    }

    @Test(arguments: components) func theRestIsLeftOut(_ name: String) throws {
        let component = try Component(name)
        #expect(!component.leftOut.isEmpty)
        for attribute in component.leftOut {
            #expect(try component.rules.metric(of: attribute) == nil, "\(attribute)")
        }
    }
}
