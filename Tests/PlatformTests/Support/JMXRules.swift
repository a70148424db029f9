import Testing
import Yams

/// The rules by which the JMX agent names metrics, applied as it applies them.
struct JMXRules {
    struct Metric: Hashable {
        let name: String
        let labels: Set<String>
    }

    private struct Rule {
        let pattern: Regex<AnyRegexOutput>
        let name: String
        let labels: Set<String>
    }

    private let rules: [Rule]
    /// `DOMAIN:KEY=VALUE` of the object names that the agent looks at; `nil`: at all.
    private let objects: [String]?

    var count: Int { rules.count }

    init(yaml: String) throws {
        let root = try #require(try Yams.compose(yaml: yaml))
        rules = try #require(root["rules"]?.sequence).map { rule in
            Rule(
                // The agent looks for the pattern anywhere in the attribute's name and value.
                pattern: try Regex("^.*(?:\(try #require(rule["pattern"]?.string))).*$"),
                name: try #require(rule["name"]?.string),
                labels: Set(strings(rule["labels"]).keys)
            )
        }
        objects = try root["whitelistObjectNames"]?.sequence?.map { node in
            let text = try #require(node.string)
            return text.hasSuffix(",*") ? String(text.dropLast(2)) : text
        }
    }

    /// What an attribute, as in `kafka.log<type=Log, name=Size><>Value`, becomes by which rule; nil where it is left out.
    func metric(of attribute: String) throws -> (rule: Int, metric: Metric)? {
        let object = attribute.prefix { $0 != ">" }.replacing("<", with: ":").replacing(", ", with: ",")
        guard objects?.contains(where: { object == $0 || object.hasPrefix($0 + ",") }) != false else { return nil }
        for (index, rule) in rules.enumerated() {
            guard let match = try rule.pattern.wholeMatch(in: attribute + ": 1.0") else { continue }
            var name = rule.name
            for group in (1..<match.output.count).reversed() {
                name = name.replacing("$\(group)", with: match.output[group].substring ?? "")
            }
            // What a name can't have becomes an underscore.
            let allowed = String(name.lowercased().map { $0.isLetter || $0.isNumber || ":_".contains($0) ? $0 : "_" })
            return (index, Metric(name: allowed, labels: rule.labels))
        }
        return nil
    }
}
