import BundleFormat
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// Bundles of charts and kustomizations, and the one that init writes.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct ChartBundleTests {
    private static let helm = ProcessInfo.processInfo.environment["SEALIFT_HELM"]
    private static let kubectl = ProcessInfo.processInfo.environment["SEALIFT_KUBECTL"]

    private static let job = """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: NAME}
        spec:
          template:
            spec:
              restartPolicy: Never
              containers:
                - {name: c, image: "busybox:1.35.0", args: ["ARGUMENT"], resources: {limits: {cpu: 1, memory: 1Gi}}}

        """

    private func job(_ name: String, _ argument: String) -> String {
        Self.job.replacing("NAME", with: name).replacing("ARGUMENT", with: argument)
    }

    /// Packs a chart `tool` 1.0.0 that says `word`, and pushes it.
    private func push(_ word: String, to host: String, _ place: Workplace) async throws {
        let folder = place.file("chart-\(word)")
        try write("apiVersion: v2\nname: tool\nversion: 1.0.0\n".utf8, to: folder.appending("Chart.yaml"))
        try write(
            job("{{ .Release.Name }}", "{{ .Values.word }} \(word)").utf8, to: folder.appending("templates/job.yaml"))
        let helm = try #require(Self.helm)
        let run = try await place.shell(
            """
            "$1" package "$2" -d "$2/packed" && "$1" push "$2/packed/tool-1.0.0.tgz" "oci://$3/charts" --plain-http
            """, helm, folder.string, host)
        try #require(run.code == 0, "\(run.transcript)")
    }

    @Test(.enabled(if: helm != nil && kubectl != nil, "needs $SEALIFT_HELM and $SEALIFT_KUBECTL"))
    func packsWhatTheLockedChartGives() async throws {
        let sample = try SampleBundle.tiny()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            try await push("first", to: registry.host, place)
            let definition = """
                apiVersion: sealift/v1
                kind: Bundle
                metadata: {name: tiny, version: 1.0.0}
                platforms: [linux/amd64]
                parameters: [{name: word, default: hello}]
                stages:
                  - name: only
                    kustomize: [site]
                    charts:
                      - release: tool
                        namespace: apps
                        repository: oci://\(registry.host)/charts
                        chart: tool
                        version: 1.0.0
                        kubeVersion: 1.36.3
                        values: {word: "${{ word }}"}

                """
            try write(definition.utf8, to: place.bundle.appending("bundle.yaml"))
            try write(job("plain", "x").utf8, to: place.bundle.appending("site/job.yaml"))
            try write(
                "resources: [job.yaml]\nnamePrefix: my-\n".utf8, to: place.bundle.appending("site/kustomization.yaml"))
            let tools = ["--helm", Self.helm ?? "", "--kubectl", Self.kubectl ?? "", "--plain-http", registry.host]

            #expect(try await place.lock(mirror: registry.mirror, tools).code == 0)
            let run = try await place.build(mirror: registry.mirror, tools)
            try #require(run.code == 0, "\(run.transcript)")
            let bundle = try BundleReader(opening: place.output.appending(sample.archive))
            let titles = ["definition/kustomize/only/site.yaml", "definition/charts/only/tool.yaml"]
            #expect(bundle.description.stages.map(\.manifests) == [titles])
            let texts = try titles.map { try text($0, of: bundle) }
            #expect(texts[0].contains("name: my-plain"))
            #expect(texts[1].contains("\"${{ word }} first\"") && texts[1].contains("namespace\": \"apps\""))
            #expect(try text("images.lock", of: bundle).contains("chart: tool"))

            // Locked and kept, it stays what it was; where it isn't kept, the change is seen.
            try await push("second", to: registry.host, place)
            let kept = try await place.build(mirror: registry.mirror, tools + ["--force"])
            #expect(kept.code == 0, "\(kept.transcript)")
            let changed = try await place.build(mirror: registry.mirror, tools + ["--force", "--no-cache"])
            #expect(changed.code == 65, "\(changed.transcript)")
            #expect(changed.errors.contains("the chart of charts/only/tool was locked as sha256:"))
            let check = try await place.lock(mirror: registry.mirror, tools + ["--check"])
            #expect(check.code == 65)
            #expect(check.output.contains("~ file tiny/charts/only/tool"))
        }
    }

    @Test func aNewBundleBuildsAsItIs() async throws {
        let sample = SampleBundle(
            name: "fresh",
            images: [
                .init(
                    written: "docker.io/library/busybox:1.36.1", repository: "library/busybox", tag: "1.36.1",
                    image: try TestImage(seed: 1))
            ])
        let place = try Workplace(sample)
        let folder = place.file("fresh").string
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let made = try await place.sealift(["init", folder])
            #expect(made.code == 0, "\(made.transcript)")
            #expect(made.output.contains("sealift build \(folder)"))
            let images = try await place.sealift(["images", folder])
            #expect(images.code == 0, "\(images.transcript)")
            let build = try await place.sealift(
                [
                    "build", folder, "--output", place.output.string, "--mirror", "docker.io=\(registry.mirror)",
                    "--no-sbom",
                ])
            try #require(build.code == 0, "\(build.transcript)")
            let archive = try #require(build.lines.last)
            let picture = try await place.sealift(["images", archive, "--graph", "svg"])
            #expect(picture.output.contains("manifests/fresh.yaml") && picture.output.contains("busybox:1.36.1"))
            #expect(try await place.sealift(["images", folder, "--graph", "svg"]).output == picture.output)
        }
        let again = try await place.sealift(["init", folder])
        #expect(again.code == 73)
        #expect(
            again.errors.contains("has bundle.yaml, manifests/fresh.yaml, .gitignore, README.md, checks/fresh.yaml"))
    }

    private func text(_ title: String, of bundle: BundleReader) throws -> String {
        let file = try #require(bundle.files[title])
        let name = "blobs/\(file.digest.algorithm.rawValue)/\(file.digest.hex)"
        let member = try #require(bundle.contents.members.first { $0.name == name })
        guard case .document(let bytes) = member.content else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
