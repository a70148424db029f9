import Definition
import DefinitionTestSupport
import Testing

private let head = """
    apiVersion: sealift/v1
    kind: Bundle
    metadata: {name: demo, version: 1.0.0}
    platforms: [linux/amd64]
    parameters: [{name: greeting, default: hi}]
    stages:
      - name: core

    """
private let files = ["charts/web/Chart.yaml": "name: web\n", "v.yaml": "a: 1\n", "k/kustomization.yml": "{}\n"]

private func loaded(_ stage: String) throws -> BundleDefinition {
    try withFolder(files.merging(["bundle.yaml": head + stage]) { $1 }) { try BundleDefinition(at: $0) }
}

@Suite struct ChartDefinitionTests {
    @Test func readsChartsAndKustomizations() throws {
        let definition = try loaded(
            """
                kustomize: [k]
                charts:
                  - {release: a, path: charts/web, kubeVersion: "1.30.0", values: {b: 2}, valuesFiles: [v.yaml]}
                  - release: b
                    namespace: apps
                    repository: oci://registry.example.com/charts/
                    chart: web
                    version: 1.2.3-rc.1+x
                    kubeVersion: v1.36.3+k0s.0
                    crds: skip
                    apiVersions: [monitoring.coreos.com/v1]

            """)
        let stage = definition.stages[0]
        #expect(stage.manifests.isEmpty && definition.needsRendering)
        #expect(stage.kustomizations.map(\.folder.path) == ["k"])
        #expect(stage.charts.map(\.release) == ["a", "b"])
        #expect(stage.charts.map(\.namespace) == ["default", "apps"])
        #expect(stage.charts.map(\.kubernetesVersion) == ["1.30.0", "1.36.3"])
        #expect(stage.charts[0].values?.encoded() == "a: 1\nb: 2\n")
        #expect(stage.charts[1].definitions == .skip)
        #expect(
            stage.charts[1].source
                == .repository(url: "oci://registry.example.com/charts", chart: "web", version: "1.2.3-rc.1+x"))
        let locked = definition.lockFiles()
        #expect(locked.map(\.name) == ["charts/core/a", "charts/core/b"])
        #expect(
            locked[1].source
                == .chart(repository: "oci://registry.example.com/charts", name: "web", version: "1.2.3-rc.1+x"))
    }

    @Test func theLockKeepsCharts() throws {
        let text = """
            # Written by `sealift lock`; digests are never typed in by hand.
            apiVersion: sealift/v1
            kind: ImagesLock
            images: []
            files:
              - name: charts/core/b
                bundle: demo
                repository: "oci://registry.example.com/charts"
                chart: web
                version: "1.2.3"
                state: resolved
                digest: sha256:\(String(repeating: "0", count: 64))
                size: 12

            """
        let lock = try ImagesLock(text: text, file: "images.lock")
        #expect(try ImagesLock(text: lock.encoded(), file: "again") == lock)
        #expect(
            lock.files[0].source
                == .chart(repository: "oci://registry.example.com/charts", name: "web", version: "1.2.3"))
    }

    @Test(arguments: [
        ("charts: [{path: charts/web, kubeVersion: 1.36.3}]", "stages[0].charts[0] has no 'release'"),
        ("charts: [{release: a, path: charts/web}]", "stages[0].charts[0] has no 'kubeVersion'"),
        ("charts: [{release: a, kubeVersion: 1.36.3}]", "stages[0].charts[0] has no 'path'"),
        ("charts: [{release: A, path: charts/web}]", "release can't be 'A'"),
        ("charts: [{release: a, path: charts}]", "there is no Chart.yaml in it"),
        ("charts: [{release: a, path: ../x}]", "leads out of the bundle's folder"),
        ("charts: [{release: a, path: charts/none}]", "no such file"),
        ("charts: [{release: a, path: charts/web, version: 1.0.0}]", "either a path or a repository"),
        ("charts: [{release: a, path: charts/web, kubeVersion: '1.36'}]", "a version of Kubernetes is wanted"),
        ("charts: [{release: a, repository: 'https://a.b', chart: c, version: ^1.0.0}]", "one exact version"),
        ("charts: [{release: a, repository: 'https://a.b', chart: c, version: 1.x}]", "one exact version"),
        ("charts: [{release: a, repository: 'https://a.b', chart: c, version: '*'}]", "one exact version"),
        ("charts: [{release: a, repository: 'https://a.b', chart: c}]", "has no 'version'"),
        ("charts: [{release: a, repository: 'oci://u:p@a.b', chart: c, version: 1.0.0}]", "no user name"),
        ("charts: [{release: a, repository: 'https://u:p@a.b', chart: c, version: 1.0.0}]", "no user name"),
        ("charts: [{release: a, repository: 'ftp://a.b', chart: c, version: 1.0.0}]", "starts with https://"),
        ("charts: [{release: a, repository: 'https://a.b', chart: ../c, version: 1.0.0}]", "a chart's name"),
        ("charts: [{release: a, path: charts/web, values: [1]}]", "values must be a mapping"),
        ("charts: [{release: a, path: charts/web, values: {b: '${{ greting }}'}}]", "unknown parameter 'greting'"),
        ("charts: [{release: a, path: charts/web, crds: some}]", "the choices are include, skip, only"),
        ("charts: [{release: a, path: charts/web, namespace: A}]", "a namespace is"),
        ("charts: [{release: a, path: charts/web, apiVersions: ['--x']}]", "an API version is written"),
        (
            "charts: [{release: a, path: charts/web, kubeVersion: 1.36.3}, {release: a, path: charts/web, kubeVersion: 1.36.3}]",
            "release 'a' stands in line"
        ),
        ("kustomize: [charts]", "no folder with a kustomization.yaml"), ("kustomize: [v.yaml]", "no folder with"),
        ("kustomize: [k, k]", "kustomization 'k' stands in line"),
    ])
    func saysWhatIsWrong(stage: String, text: String) throws {
        try withFolder(files.merging(["bundle.yaml": "\(head)    \(stage)\n"]) { $1 }) { folder in
            let error = try message(in: folder) { _ = try BundleDefinition(at: folder) }
            #expect(error?.text.contains(text) == true, "\(error?.text ?? "nothing")")
        }
    }

    @Test func yamlThatIsWrittenReadsBackTheSame() throws {
        let text = """
            a: 1.10
            b: "1.10"
            c: [true, "true", null, ~, {}, [], [1, [2]], {x: {y: "z: w"}}]
            d: |
              two
              lines # not a comment
            "e f": 'it''s'
            "1": 0x1F
            f: ${{ greeting }}

            """
        let node = try #require(try YAMLNode.documents(in: text, file: "a").first)
        let written = node.encoded()
        let again = try #require(try YAMLNode.documents(in: written, file: "b").first)
        #expect(again.encoded() == written)
        #expect(again["a"]?.content == .scalar("1.10", .plain) && again["b"]?.content == .scalar("1.10", .quoted))
        #expect(again["d"]?.text == "two\nlines # not a comment\n")
        #expect(again["f"]?.text == "${{ greeting }}")
    }
}
