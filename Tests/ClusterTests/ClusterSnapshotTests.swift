import Processes
import SystemPackage
import TestSupport
import Testing

@testable import Cluster

@Suite struct ClusterSnapshotTests {
    @Test(.enabled(if: KubernetesStandIn.isUsable, "needs kubectl and python3"))
    func gathersWhatTellsOfTrouble() async throws {
        try await KubernetesStandIn.with { standIn in
            try standIn.setFaults(#"{"pods":[{"match":"web*","reason":"CrashLoopBackOff","log":"no space left"}]}"#)
            let kubectl = kubectl(standIn)
            let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {k: hUsH1}"
            let references = try await kubectl.apply(manifest(deployment("web"), secret))
            while try await readiness(standIn).blockers(of: references).first?.reason != .crash {
                try await Task.sleep(for: .milliseconds(50))
            }
            let files = try await ClusterSnapshot(kubectl).gather()
            func text(_ suffix: String) -> String {
                files.first { $0.name.hasSuffix(suffix) }.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
            }
            #expect(text("nodes.txt").contains("Ready"))
            #expect(text("objects.txt").contains("web"))
            #expect(text("/describe.txt").contains("CrashLoopBackOff"))
            #expect(text("/log.txt").contains("no space left"))
            #expect(files.contains { $0.name.hasPrefix("pods/default/web-") })
            #expect(!files.contains { String(decoding: $0.bytes, as: UTF8.self).contains("hUsH1") })
            #expect(!files.contains { String(decoding: $0.bytes, as: UTF8.self).contains("aFVzSDE=") })
        }
    }

    @Test func aClusterThatIsAwayLeavesTheFailures() async throws {
        let files = try await ClusterSnapshot(Kubectl(.path("/nowhere/kubectl"))).gather()
        #expect(files.count == ClusterSnapshot.parts.count + 1)
        #expect(files.allSatisfy { String(decoding: $0.bytes, as: UTF8.self).contains("there is no such file") })
    }

    @Test func neverAsksForSecrets() {
        for part in ClusterSnapshot.parts { #expect(!part.arguments.joined(separator: " ").contains("secret")) }
    }

    @Test func leavesOutValuesThatSoundSecret() {
        let described = """
            Name:         web-0
                Environment:
                  ADMIN_PASSWORD:  hUsH1
                  FROM_SECRET_TOKEN:   <set to the key 'k' in secret 's'>  Optional: false
                  LOG_LEVEL:       info
                SecretName:  s
                TokenExpirationSeconds:  3607
            Events: secret: nothing
            """
        let expected = described.replacing("ADMIN_PASSWORD:  hUsH1", with: "ADMIN_PASSWORD: (left out)")
        #expect(ClusterSnapshot.redact(described) == expected)
    }
}
