import BundleFormat
import Cluster
import Processes
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite(.enabled(if: KubernetesStandIn.isUsable, "needs kubectl and python3"))
struct PlatformCheckTests {
    private static func check(_ name: String, _ layer: String) -> String {
        """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: \(name), namespace: default, annotations: {sealift/layer: \(layer)}}
        spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "docker.io/library/a:1"}]}}}
        """
    }

    @Test func goesLayerByLayerThroughAllStages() async throws {
        let texts = [
            "one": Self.check("a-flow", "integration") + "\n---\n" + Self.check("a-more", "connectivity"),
            "two": Self.check("a-answer", "function"), "three": Self.check("b-reach", "connectivity"),
        ]
        let stages: [BundleDescription.Stage] = [
            .init(name: "a", manifests: [], checks: ["one", "two"], readyTimeout: 60),
            .init(name: "b", manifests: [], checks: ["three"], readyTimeout: 60),
        ]
        try await KubernetesStandIn.with { standIn in
            let kubectl = Kubectl(.path(KubernetesStandIn.kubectl ?? "/nowhere"), kubeconfig: standIn.kubeconfig)
            let check = PlatformCheck(stages, kubectl: kubectl, objects: []) { texts[$0] ?? "" }
            let names = Record<String>()
            try await check.jobs { names.add($0.name) }
            #expect(names.all == ["b-reach", "a-answer", "a-flow", "a-more"])
        }
    }
}
