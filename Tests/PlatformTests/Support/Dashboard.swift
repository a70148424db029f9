import FoundationEssentials
import Testing
import Yams

/// A dashboard of the bundle, as far as tests look at it.
struct Dashboard: Decodable {
    struct Source: Decodable {
        let type: String
        let uid: String
    }
    struct Target: Decodable {
        let refId: String
        let expr: String
        let datasource: Source
    }
    struct Place: Decodable {
        let h: Int
        let w: Int
        let x: Int
        let y: Int
    }
    struct Field: Decodable {
        struct Defaults: Decodable {
            let unit: String?
            let noValue: String?
            let max: Double?
        }
        let defaults: Defaults
    }
    struct Link: Decodable {
        let title: String
        let url: String?
    }
    struct Panel: Decodable {
        let id: Int
        let type: String
        let title: String
        let description: String?
        let gridPos: Place
        let datasource: Source?
        let targets: [Target]?
        let fieldConfig: Field?
        let links: [Link]?
    }
    struct Variables: Decodable {
        struct Variable: Decodable {
            struct Query: Decodable { let query: String }
            let name: String
            let datasource: Source
            let query: Query
        }
        let list: [Variable]
    }
    struct Annotations: Decodable {
        struct Annotation: Decodable {
            let datasource: Source
            let expr: String
        }
        let list: [Annotation]
    }

    let uid: String
    let title: String
    let tags: [String]
    let schemaVersion: Int
    let panels: [Panel]
    let templating: Variables
    let annotations: Annotations

    /// Every dashboard, by the name of its file.
    static func all(of platform: RenderedPlatform) throws -> [String: Dashboard] {
        var found: [String: Dashboard] = [:]
        for map in platform.objects where map.kind == "ConfigMap" && map.name.hasPrefix("grafana-dashboard-") {
            for (file, text) in strings(map.node["data"]) {
                found[file] = try JSONDecoder().decode(Dashboard.self, from: Data(text.utf8))
            }
        }
        return found
    }

    /// An expression as Grafana would send it, its variables filled in; where it stands; and where its axis ends.
    func expressions() -> [(place: String, text: String, most: Double?)] {
        let panels = panels.flatMap { panel in
            (panel.targets ?? []).map {
                ("\(title)/\(panel.title)/\($0.refId)", $0.expr, panel.fieldConfig?.defaults.max)
            }
        }
        let notes = annotations.list.map { ("\(title)/annotation", $0.expr, Double?.none) }
        return (panels + notes).map { place, text, most in
            var text = text.split(separator: "$__rate_interval", omittingEmptySubsequences: false).joined(
                separator: "1m")
            for variable in templating.list {
                text = text.split(separator: "$\(variable.name)", omittingEmptySubsequences: false).joined(
                    separator: ".*")
            }
            return (place, text, most)
        }
    }
}
