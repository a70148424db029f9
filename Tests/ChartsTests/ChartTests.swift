import Definition
import Discovery
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Charts

private let stage = """
        charts:
          - release: shop
            namespace: apps
            path: charts/web
            kubeVersion: v1.36.3+k0s.0

    """
private let bundle = demoBundle(stage, below("charts/web", webChart))

/// What the real helm makes of a chart.
@Suite(.enabled(if: RealTools.helm != nil, "needs $SEALIFT_HELM; see scripts/fetch-test-parts"))
struct ChartTests {
    private func text(_ result: ChartRendering.Result) throws -> String {
        try #require(result.definition.stages[0].manifests.last).text()
    }

    @Test func manifestsAreTheBundlesOwn() async throws {
        let result = try await rendered(bundle)
        let file = try #require(result.definition.stages[0].manifests.last)
        #expect(file.path == "charts/core/shop.yaml")
        let found = try discover(in: result.definition, values: result.definition.values())
        #expect(
            found.images.map(\.reference.description) == [
                "docker.io/library/busybox:1.36", "docker.io/library/nginx:1.25",
            ])
        let web = try #require(found.images.last?.origins.first)
        #expect(web.file == "charts/core/shop.yaml")
        #expect(web.object == "Deployment/shop")
        #expect(web.template == "web/templates/web.yaml")
        #expect(found.findings.contains { $0.rule == .missingProbes && $0.template == "web/templates/web.yaml" })
    }

    @Test func hooksOfAnInstallationStayOthersGo() async throws {
        let result = try await rendered(bundle)
        let text = try text(result)
        let names = text.split(separator: "\n").filter { $0.contains("name: ") && $0.contains("metadata") }
        #expect(text.contains("at-pre-install") && text.contains("at-post-install"))
        #expect(!text.contains("at-pre-delete") && !text.contains("at-test"))
        // What comes before helm's own order, and what after it.
        #expect(names.map { $0.contains("at-pre-install") } == [false, true, false, false])
        let remarks = result.definition.remarks.map(\.message)
        #expect(remarks.count == 3)
        #expect(remarks.contains { $0.contains("Job/at-pre-delete is left out") })
        #expect(remarks.contains { $0.contains("Job/at-post-install is a hook") })
    }

    @Test func objectsGoToTheReleasesNamespace() async throws {
        let text = try text(try await rendered(bundle))
        #expect(text.contains("metadata:\n  namespace: \"apps\"\n  name: shop\n"))
        #expect(text.contains(#"metadata: {"namespace": "apps", name: at-pre-install"#))
        // Neither lives in a namespace: the one by its kind, the other by the chart's own definition.
        #expect(text.contains("metadata: {name: things.example.com}"))
        #expect(text.contains("metadata: {name: one}"))
    }

    @Test(arguments: [("include", 1, 1), ("skip", 0, 1), ("only", 1, 0)])
    func definitionsCanBeAStageOfTheirOwn(choice: String, definitions: Int, others: Int) async throws {
        let text = try text(
            try await rendered(demoBundle("\(stage)        crds: \(choice)\n", below("charts/web", webChart))))
        #expect(text.split(separator: "kind: CustomResourceDefinition").count - 1 == definitions)
        #expect(text.split(separator: "kind: Deployment").count - 1 == others)
    }

    @Test func valuesAreMergedRecordedAndPassedOn() async throws {
        var files = demoBundle(
            stage + """
                        values: {message: "${{ greeting }}, ${{greeting}}", replicas: 3}
                        valuesFiles: [a.yaml, b.yaml]

                """, below("charts/web", webChart))
        files["a.yaml"] = "replicas: 5\nextra: {b: 7, c: \"0644\"}\n"
        files["b.yaml"] = "# nothing\n"
        let result = try await rendered(files)
        let text = try text(result)
        #expect(text.contains("replicas: 3\n"))
        #expect(text.contains("extra: \"map[a:1 b:7 c:0644]\""))
        #expect(text.contains("kube: \"v1.36.3\""))
        #expect(text.contains(#"value: "${{ greeting }}, ${{greeting}}""#))
        #expect(
            text.contains(
                "# values:\n#   replicas: 3\n#   extra:\n#     b: 7\n#     c: \"0644\"\n#   message: \"$${{ greeting"))
        #expect(text.hasPrefix("# Made by sealift of the chart web 1.2.3 (sha256:"))
        let expanded = try discover(in: result.definition, values: ["greeting": "hi", "size": "1"])
        #expect(expanded.frozenParameters.isEmpty)
    }

    @Test func whatOnlyLooksLikeAPlaceholderStaysText() async throws {
        var chart = webChart
        chart["templates/web.yaml"] =
            "kind: ConfigMap\nmetadata: {name: c}\ndata: {a: 'x ${{ `{{` }} github.ref }} y'}\n"
        chart["templates/web.yaml"] = """
            kind: ConfigMap
            metadata: {name: c}
            data: {a: 'x {{ "${{" }} github.ref }} y', b: '{{ "${{" }} greeting }}'}

            """
        let result = try await rendered(demoBundle(stage, below("charts/web", chart)))
        #expect(try text(result).contains("x $${{ github.ref }} y', b: '$${{ greeting }}'"))
    }

    @Test func theSameChartGivesTheSameBytesAndAnotherAnotherPin() async throws {
        let first = try await rendered(bundle)
        let second = try await rendered(bundle)
        #expect(try text(first) == text(second))
        #expect(first.charts == second.charts)
        #expect(first.charts.map(\.name) == ["charts/core/shop"])
        #expect(first.charts.map(\.source) == [.path("charts/web")])
        var files = bundle
        files["charts/web/values.yaml", default: ""] += "# a word\n"
        let third = try await rendered(files)
        #expect(third.charts[0].content?.digest != first.charts[0].content?.digest)
    }

    @Test func theUsersOwnHelmSettingsAndClusterDoNotCount() async throws {
        let files = bundle
        let plain = try await rendered(files)
        let other = try await rendered(files) { tools, _ in
            tools.environment.merge([
                "HELM_NAMESPACE": "other", "HELM_KUBEAPISERVER": "https://127.0.0.1:1", "KUBECONFIG": "/nonsense",
                "HELM_DEBUG": "true", "HELM_PLUGINS": "/nonsense",
            ]) { $1 }
        }
        #expect(try text(plain) == text(other))
    }

    @Test(arguments: [
        ("{{ randAlphaNum 8 }}", "a second run gave something else, first in line", "randAlphaNum"),
        ("{{ fail \"no way\" }}", "helm template ended with exit status 1", nil),
        ("{{ .Values.message | b64enc }}", "encodes the placeholder of 'greeting' in base64", "existingSecret"),
        ("a: b: c", "YAML parse error on web/templates/web.yaml", nil),
        ("\"x\"}\n---\nfoo: {a: b", "is no object of Kubernetes", nil),
    ])
    func saysWhatIsWrongWithAChart(value: String, text: String, hint: String?) async throws {
        var chart = webChart
        chart["templates/web.yaml"] = "kind: ConfigMap\nmetadata: {name: c}\ndata: {\"v\": \(value)}\n"
        let files = demoBundle("\(stage)        values: {message: \"${{ greeting }}\"}\n", below("charts/web", chart))
        let failed = try #require(try await failure(files))
        #expect(failed.text.hasPrefix("bundle.yaml:9: can't render chart shop: "))
        #expect(failed.text.contains(text), "\(failed.text)")
        #expect(hint.map { failed.hint?.contains($0) == true } ?? true, "\(failed.hint ?? "none")")
    }

    @Test func warnsOfAParameterThatNothingTakes() async throws {
        let files = demoBundle("\(stage)        values: {unknown: \"${{ size }}\"}\n", below("charts/web", webChart))
        let remarks = try await rendered(files).definition.remarks.map(\.message)
        #expect(remarks.contains { $0.contains("parameter 'size' stands in its values and nowhere in what it gives") })
    }

    @Test func refusesAChartThatLeadsOutOfTheBundle() async throws {
        let failed = try await failure(bundle) { _, folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending("charts/web/templates/more.yaml").string, withDestinationPath: "/etc/hostname")
        }
        #expect(failed?.text.contains("leads out of the bundle's folder") == true)
    }
}
