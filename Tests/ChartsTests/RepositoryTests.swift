import Definition
import FoundationEssentials
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Charts

/// Charts of a repository on loopback.
@Suite(.enabled(if: RealTools.helm != nil, "needs $SEALIFT_HELM; see scripts/fetch-test-parts"))
struct RepositoryTests {
    private func stage(_ host: String, chart: String = "web", version: String = "1.2.3") -> String {
        """
            charts:
              - {release: shop, repository: "http://\(host)", chart: \(chart), version: \(version), kubeVersion: 1.36.3}

        """
    }

    /// Serves a repository with the chart `web` in version 1.2.3.
    private func withRepository<Value: Sendable>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = TemporaryDirectory()
        for (path, text) in webChart { try write(text.utf8, to: folder.file("web/\(path)")) }
        let helm = try #require(RealTools.helm)
        _ = try await Program.run(
            "env", [helm, "package", folder.file("web").string, "-d", folder.file("served").string])
        _ = try await Program.run("env", [helm, "repo", "index", folder.file("served").string])
        return try await FolderServer.with(folder.file("served")) { try await body($0) }
    }

    @Test func aChartIsFetchedOnceAndThenTakenAsItWasLocked() async throws {
        let folder = TemporaryDirectory()
        let kept = folder.file("kept")
        let fetches = Atomic(0)
        let archives = ChartArchives { content in
            exists(kept) ? kept : nil
        } keep: { path, _ in
            fetches.add(1, ordering: .relaxed)
            try write(contents(of: path), to: kept)
        }
        let (host, first) = try await withRepository { host in
            (host, try await rendered(demoBundle(stage(host)), archives: archives))
        }
        #expect(first.charts.map(\.source) == [.chart(repository: "http://\(host)", name: "web", version: "1.2.3")])
        let text = try #require(first.definition.stages[0].manifests.last).text()
        #expect(text.contains("# Source: web/templates/web.yaml"))

        // The repository has gone.
        let again = try await rendered(
            demoBundle(stage(host)), locked: ImagesLock(files: first.charts), archives: archives)
        #expect(try #require(again.definition.stages[0].manifests.last).text() == text)
        #expect(fetches.load(ordering: .relaxed) == 1)

        // What is kept and damaged is fetched again.
        try write([1, 2, 3], to: kept)
        await #expect(throws: ChartError.self) {
            _ = try await rendered(
                demoBundle(stage(host)), locked: ImagesLock(files: first.charts), archives: archives)
        }
    }

    @Test func saysWhatTheRepositoryHasNot() async throws {
        try await withRepository { host in
            let version = try #require(try await failure(demoBundle(stage(host, version: "1.2.4"))))
            #expect(version.text.contains("can't render chart shop: helm pull ended with exit status 1"))
            #expect(version.text.contains("1.2.4"))
            let chart = try #require(try await failure(demoBundle(stage(host, chart: "wob"))))
            #expect(chart.text.contains("wob"))
        }
    }
}
