import Testing
import Yams

/// An alert of the bundle's Prometheus.
struct AlertRule: CustomTestStringConvertible, Sendable {
    /// The key in the ConfigMap `prometheus-config`.
    let file: String
    let name: String
    let expression: String
    let labels: [String: String]
    let annotations: [String: String]

    var testDescription: String { name }

    /// Every alert, in the order of the files.
    static func all(of platform: RenderedPlatform) throws -> [AlertRule] {
        try PrometheusFiles(platform).rules.flatMap { file, text in
            let groups = try #require(Yams.compose(yaml: text)?["groups"]?.sequence, "\(file)")
            return try groups.flatMap { try #require($0["rules"]?.sequence) }.map { rule in
                AlertRule(
                    file: file, name: try #require(rule["alert"]?.string),
                    expression: try #require(rule["expr"]?.string),
                    labels: strings(rule["labels"]), annotations: strings(rule["annotations"]))
            }
        }
    }
}
