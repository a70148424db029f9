import TestSupport
import Testing

@testable import Cluster

@Suite(.enabled(if: KubernetesStandIn.isUsable, "needs kubectl and python3"))
struct JobCheckTests {
    private func check(_ standIn: KubernetesStandIn) -> JobCheck {
        JobCheck(kubectl(standIn), interval: .milliseconds(100))
    }

    private func reference(_ name: String) -> ObjectReference {
        ObjectReference(apiVersion: "batch/v1", kind: "Job", namespace: "default", name: name)
    }

    @Test func aJobThatCompletesPassesAndIsRemoved() async throws {
        try await KubernetesStandIn.with { standIn in
            let helper = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: script, namespace: default}"
            let results = try await check(standIn).run(
                manifest(helper, job("ping", annotations: "{sealift/layer: connectivity}"), job("pong")), name: "c",
                timeout: .seconds(60))
            #expect(results.map(\.name) == ["ping", "pong"])
            #expect(results.map(\.layer) == [.connectivity, .function])
            #expect(results.allSatisfy { $0.passed && $0.lastLogLines.isEmpty })
            let jobs = [reference("ping"), reference("pong")]
            #expect(
                try await kubectl(standIn).get(jobs).allSatisfy { $0["metadata"]["deletionTimestamp"].string != nil })
        }
    }

    @Test func aJobWithoutANamespaceIsThatOfTheDefaultOne() async throws {
        try await KubernetesStandIn.with { standIn in
            let bare = job("ping").replacing(", namespace: default", with: "")
            for _ in 0..<2 {
                let results = try await check(standIn).run(manifest(bare), name: "c", timeout: .seconds(60))
                #expect(results.map(\.passed) == [true])
            }
        }
    }

    @Test func aJobThatFailsTellsItsLastLinesAndStays() async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(#"{"jobs":[{"match":"ping","exitCode":1,"log":"asking\nno answer from nifi"}]}"#)
            let results = try await check(standIn).run(manifest(job("ping")), name: "c", timeout: .seconds(60))
            #expect(results.first?.passed == false)
            #expect(results.first?.lastLogLines.last == "no answer from nifi")
            #expect(results.first?.lastLogLines.first?.hasPrefix("BackoffLimitExceeded") == true)
            #expect(try await kubectl(standIn).get([reference("ping")]).count == 1)
            // The failed one is in the way of nothing.
            try standIn.setFaults("{}")
            let again = try await check(standIn).run(manifest(job("ping")), name: "c", timeout: .seconds(60))
            #expect(again.map(\.passed) == [true])
        }
    }

    @Test func aJobThatHasCompletedBeforeRunsAgain() async throws {
        try await KubernetesStandIn.with { standIn in
            let kubectl = kubectl(standIn)
            let applied = try await kubectl.apply(manifest(job("ping")))
            try await readiness(standIn).wait(for: applied, timeout: .seconds(60))
            let before = try await kubectl.get(applied).first?["metadata"]["uid"].string
            try standIn.setFaults(#"{"jobs":[{"match":"ping","exitCode":1}]}"#)
            let results = try await check(standIn).run(manifest(job("ping")), name: "c", timeout: .seconds(60))
            #expect(results.map(\.passed) == [false])
            #expect(try await kubectl.get(applied).first?["metadata"]["uid"].string != before)
        }
    }

    @Test func aJobThatHangsFailsWithWhatBlocksIt() async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(#"{"pods":[{"match":"ping*","reason":"ErrImageNeverPull"}]}"#)
            let results = try await check(standIn).run(manifest(job("ping")), name: "c", timeout: .seconds(3))
            #expect(results.map(\.passed) == [false])
            #expect(results.first?.lastLogLines.first == "not done after 3.0 seconds")
            #expect(results.first?.lastLogLines.contains { $0.contains("docker.io/library/busybox:1") } == true)
        }
    }

    @Test func aCheckWithoutAJobIsAnError() async throws {
        try await KubernetesStandIn.with { standIn in
            let error = await clusterError {
                _ = try await check(standIn).run(
                    manifest(deployment("web")), name: "core/web.yaml", timeout: .seconds(9))
            }
            #expect(error == .noJob(check: "core/web.yaml"))
            let web = ObjectReference(apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web")
            let found = try await kubectl(standIn).get([web])
            #expect(found.isEmpty, "nothing of it was applied")
        }
    }

    @Test(arguments: [
        (#"{"sealift/layer":"integration"}"#, JobCheck.Layer.integration), (#"{"sealift/layer":"odd"}"#, .function),
        ("{}", .function), ("null", .function),
    ])
    func readsTheLayer(_ annotations: String, _ layer: JobCheck.Layer) {
        #expect(JobCheck.layer(of: json(#"{"metadata":{"annotations":\#(annotations)}}"#)) == layer)
    }
}
