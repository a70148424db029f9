import SystemPackage
import Testing
import Yams

/// The dashboards' form: what Grafana would take without a word and then not show.
@Suite struct DashboardTests {
    private let platform: RenderedPlatform
    private let dashboards: [String: Dashboard]

    init() throws {
        platform = try RenderedPlatform()
        dashboards = try Dashboard.all(of: platform)
    }

    @Test func theyAreTheSixOfThePlatform() {
        #expect(
            dashboards.keys.sorted() == [
                "elasticsearch.json", "flink.json", "kafka.json", "nifi.json", "node.json", "overview.json",
            ])
        for (file, dashboard) in dashboards {
            #expect("infometis-\(file)" == "\(dashboard.uid).json")
            #expect(dashboard.tags.contains("infometis"))
            // Of Grafana 10.0; a newer one it would not understand.
            #expect(dashboard.schemaVersion == 38)
        }
    }

    @Test func panelsDoNotOverlap() {
        for dashboard in dashboards.values {
            #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count, "\(dashboard.title)")
            var taken: Set<[Int]> = []
            for panel in dashboard.panels {
                let place = panel.gridPos
                #expect(place.x >= 0 && place.x + place.w <= 24, "\(dashboard.title)/\(panel.title)")
                for x in place.x..<place.x + place.w {
                    for y in place.y..<place.y + place.h {
                        #expect(taken.insert([x, y]).inserted, "\(dashboard.title)/\(panel.title) lies on another")
                    }
                }
            }
        }
    }

    @Test func panelsSayWhatTheyShow() {
        for dashboard in dashboards.values {
            for panel in dashboard.panels where panel.type != "row" {
                let place = "\(dashboard.title)/\(panel.title)"
                #expect(["stat", "gauge", "timeseries", "table"].contains(panel.type), "\(place)")
                #expect(!panel.title.isEmpty && panel.targets?.isEmpty == false, "\(place)")
                // What stands there while there is nothing to show.
                #expect(panel.fieldConfig?.defaults.noValue?.isEmpty == false, "\(place)")
                if panel.type != "table" { #expect(panel.fieldConfig?.defaults.unit != nil, "\(place)") }
                #expect(Set((panel.targets ?? []).map(\.refId)).count == panel.targets?.count, "\(place)")
            }
        }
    }

    @Test func theyAskDataSourcesThatAreThere() throws {
        let text = try #require(platform.text(ofConfigMap: "grafana-provisioning", key: "datasources.yaml"))
        let sources = try #require(try Yams.compose(yaml: text)?["datasources"]?.sequence)
        let types = try Dictionary(
            uniqueKeysWithValues: sources.map { (try #require($0["uid"]?.string), try #require($0["type"]?.string)) })
        #expect(types["prometheus"] == "prometheus")
        #expect(types["elasticsearch"] == "elasticsearch")
        #expect(sources.filter { $0["isDefault"]?.bool == true }.map { $0["uid"]?.string } == ["prometheus"])
        for dashboard in dashboards.values {
            let used =
                dashboard.panels.flatMap { [$0.datasource].compactMap(\.self) + ($0.targets ?? []).map(\.datasource) }
                + dashboard.templating.list.map(\.datasource) + dashboard.annotations.list.map(\.datasource)
            for source in used { #expect(types[source.uid] == source.type, "\(dashboard.title): \(source.uid)") }
        }
    }

    @Test func linksLeadToDashboardsAndPages() {
        var pages = Set(dashboards.values.map { "/grafana/d/\($0.uid)" })
        for ingress in platform.objects where ingress.kind == "Ingress" {
            for rule in ingress.node["spec"]?["rules"]?.sequence ?? [] {
                let paths = rule["http"]?["paths"]?.sequence ?? []
                pages.formUnion(paths.compactMap { $0["path"]?.string }.map { $0 + "/" })
            }
        }
        for dashboard in dashboards.values {
            for link in dashboard.panels.flatMap({ $0.links ?? [] }) {
                #expect(pages.contains(link.url ?? ""), "\(dashboard.title): \(link.title)")
            }
        }
    }

    /// Grafana shows its own page, and says so in its log only, when the home dashboard isn't there.
    @Test func theFirstPageIsMounted() throws {
        let pod = try #require(platform.object("Deployment", "grafana")?.podSpec)
        let container = try #require(pod["containers"]?[0])
        let variables = try #require(container["env"]?.sequence)
        let home = try #require(
            variables.first { $0["name"]?.string == "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH" }?["value"]?.string)
        let mount = try #require(
            container["volumeMounts"]?.sequence?.first {
                FilePath(home).removingLastComponent().string == $0["mountPath"]?.string
            })
        let volume = try #require(pod["volumes"]?.sequence?.first { $0["name"]?.string == mount["name"]?.string })
        let maps = try #require(volume["projected"]?["sources"]?.sequence).compactMap {
            $0["configMap"]?["name"]?.string
        }
        let keys = maps.flatMap { strings(platform.object("ConfigMap", $0)?.node["data"]).keys }
        #expect(keys.sorted() == dashboards.keys.sorted())
        #expect(keys.contains(FilePath(home).lastComponent?.string ?? ""))
        let provider = try #require(platform.text(ofConfigMap: "grafana-provisioning", key: "dashboards.yaml"))
        let path = try Yams.compose(yaml: provider)?["providers"]?[0]?["options"]?["path"]?.string
        #expect(path == mount["mountPath"]?.string)
    }
}
