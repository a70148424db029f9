import Synchronization
import TestSupport
import Testing

@testable import Cluster

@Suite(.enabled(if: KubernetesStandIn.isUsable, "needs kubectl and python3"))
struct ReadinessTests {
    @Test func waitsUntilEverythingIsReady() async throws {
        try await KubernetesStandIn.with { standIn in
            let references = try await kubectl(standIn).apply(manifest(deployment("web", replicas: 2), job("once")))
            var reports: [[Blocker]] = []
            try await readiness(standIn).wait(for: references, timeout: .seconds(60)) { reports.append($0) }
            #expect(reports.last == [])
            #expect(try await readiness(standIn).blockers(of: references).isEmpty)
        }
    }

    @Test(arguments: [
        ("ErrImageNeverPull", Blocker.Reason.image, "docker.io/library/nginx:1"),
        ("FailedMount", .volume, "MountVolume.SetUp failed"),
        ("Unschedulable", .resources, "Insufficient memory"),
        ("Unhealthy", .probe, "Readiness probe failed"),
        ("CrashLoopBackOff", .crash, "its last words: no space left"),
    ])
    func namesWhatBlocks(_ fault: String, _ reason: Blocker.Reason, _ text: String) async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(
                #"{"pods":[{"match":"web*","reason":"\#(fault)","log":"starting\nno space left"}]}"#)
            let references = try await kubectl(standIn).apply(manifest(deployment("web"), deployment("fine")))
            while try await !readiness(standIn).blockers(of: references).allSatisfy({ $0.reason == reason }) {
                try await Task.sleep(for: .milliseconds(50))
            }
            let error = await clusterError { try await readiness(standIn).wait(for: references, timeout: .seconds(1)) }
            guard case .notReady(_, let blockers)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(blockers.count == 1)
            #expect(blockers.first?.reason == reason)
            #expect(blockers.first?.object.name == "web")
            #expect(blockers.first?.pod?.hasPrefix("web-") == true)
            #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        }
    }

    @Test func goesOnOnceWhatBlocksIsMended() async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(#"{"pods":[{"match":"web*","reason":"Unschedulable"}]}"#)
            let references = try await kubectl(standIn).apply(manifest(deployment("web")))
            var isMended = false
            var mending: (any Error)?
            try await readiness(standIn).wait(for: references, timeout: .seconds(60)) { blockers in
                guard !isMended, blockers.first?.reason == .resources else { return }
                isMended = true
                do { try standIn.setFaults("{}") } catch { mending = error }
            }
            #expect(isMended && mending == nil)
        }
    }

    @Test func aFailedJobEndsTheWaitAtOnce() async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(
                #"{"jobs":[{"match":"once","exitCode":3}],"pods":[{"match":"web*","reason":"Unhealthy"}]}"#)
            let references = try await kubectl(standIn).apply(manifest(deployment("web"), job("once")))
            let error = await clusterError {
                try await readiness(standIn).wait(for: references, timeout: .seconds(3600))
            }
            guard case .objectFailed(let reference, let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reference.name == "once")
            #expect(reason.hasPrefix("BackoffLimitExceeded"))
        }
    }

    @Test func waitingCanBeCancelled() async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(#"{"pods":[{"match":"web*","reason":"Unhealthy"}]}"#)
            let references = try await kubectl(standIn).apply(manifest(deployment("web")))
            let looks = Counter()
            let task = Task {
                await clusterError {
                    try await readiness(standIn).wait(for: references, timeout: .seconds(3600)) { _ in
                        looks.count.add(1, ordering: .relaxed)
                    }
                }
            }
            while looks.count.load(ordering: .relaxed) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            let error = await task.value
            if case .cancelled? = error { return }
            Issue.record("\(String(describing: error))")
        }
    }

    @Test func whatIsNotThereIsMissing() async throws {
        try await KubernetesStandIn.with { standIn in
            let reference = ObjectReference(apiVersion: "v1", kind: "Service", namespace: "default", name: "none")
            let blockers = try await readiness(standIn).blockers(of: [reference])
            #expect(blockers.map(\.description) == ["Service default/none: missing: it isn't there"])
        }
    }

    @Test func theNodeBecomesReady() async throws {
        try await KubernetesStandIn.with { standIn in
            try await readiness(standIn).waitForNodeReady(timeout: .seconds(60))
            let error = await clusterError {
                try await readiness(standIn).waitForNodeReady("elsewhere", timeout: .milliseconds(10))
            }
            #expect(
                error == .nodeNotReady(after: .milliseconds(10), reason: "no node elsewhere has joined yet"))
        }
    }

    @Test func sayWhyANodeIsNotReady() {
        let node = json(
            """
            {"kind":"Node","metadata":{"name":"n1"},"status":{"conditions":[{"type":"Ready","status":"False",\
            "reason":"KubeletNotReady","message":"cni plugin not initialized"}]}}
            """)
        #expect(Readiness.whyNotReady([node], nil) == "n1: KubeletNotReady: cni plugin not initialized")
        #expect(Readiness.whyNotReady([], nil) == "no node has joined yet")
    }
}

private final class Counter: Sendable {
    let count = Atomic(0)
}
