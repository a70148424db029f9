import Charts
import Definition
import Discovery
import OCI
import Testing

private let stage = "    kustomize: [overlays/site]\n"
private let base = [
    "base/kustomization.yaml": "resources: [job.yaml]\n",
    "base/job.yaml": """
    apiVersion: batch/v1
    kind: Job
    metadata: {name: j}
    spec: {template: {spec: {containers: [{name: c, image: busybox, args: ["${{ greeting }}"]}]}}}

    """,
]
private let overlay = "resources: [../../base]\nnamespace: apps\nimages: [{name: busybox, newTag: 1.36.1}]\n"

/// What the real kubectl makes of a kustomization.
@Suite(.enabled(if: RealTools.kubectl != nil, "needs $SEALIFT_KUBECTL; see scripts/fetch-test-parts"))
struct KustomizeTests {
    @Test func manifestsAreTheBundlesOwn() async throws {
        let result = try await rendered(
            demoBundle(stage, base.merging(["overlays/site/kustomization.yaml": overlay]) { $1 }))
        let file = try #require(result.definition.stages[0].manifests.last)
        #expect(file.path == "kustomize/core/overlays/site.yaml")
        let text = try file.text()
        #expect(text.contains("namespace: apps") && text.contains("${{ greeting }}"))
        let found = try discover(in: result.definition, values: result.definition.values())
        #expect(found.images.map(\.reference.description) == ["docker.io/library/busybox:1.36.1"])
    }

    @Test(arguments: [
        ("resources: [https://example.com/x.yaml]\n", "takes 'https://example.com/x.yaml' from a network"),
        ("resources: [github.com/a/b?ref=v1]\n", "takes 'github.com/a/b?ref=v1' from a network"),
        ("bases: [example.com/a/b]\n", "takes 'example.com/a/b' from a network"),
        ("patches: [{path: https://example.com/p.yaml}]\n", "from a network"),
        ("configMapGenerator: [{name: c, files: [a=https://example.com/f]}]\n", "from a network"),
        ("resources: [../../../outside]\n", "from a network"), ("resources: [../../../]\n", "leads out"),
        ("resources: [../../base]\nhelmCharts: [{name: web}]\n", "kubectl kustomize ended with exit status 1"),
        ("a: [b", "not valid yaml"),
    ])
    func refusesWhatIsNotInTheBundle(kustomization: String, text: String) async throws {
        let files = demoBundle(stage, base.merging(["overlays/site/kustomization.yaml": kustomization]) { $1 })
        let failed = try #require(try await failure(files))
        #expect(failed.text.hasPrefix("bundle.yaml:8: can't render kustomization overlays/site: "))
        #expect(failed.text.contains(text), "\(failed.text)")
    }

    @Test func looksIntoWhatItBuildsOn() async throws {
        var files = demoBundle(stage, base.merging(["overlays/site/kustomization.yaml": overlay]) { $1 })
        files["base/kustomization.yaml"] = "resources: [job.yaml, 'https://example.com/x.yaml']\n"
        #expect(try await failure(files)?.text.contains("from a network") == true)
    }
}
