import Processes
import SystemPackage
import TestSupport

@testable import Cluster

/// A kubectl for the stand-in, in a hurry.
func kubectl(_ standIn: KubernetesStandIn) -> Kubectl {
    var kubectl = Kubectl(.path(KubernetesStandIn.kubectl ?? "/nowhere/kubectl"), kubeconfig: standIn.kubeconfig)
    kubectl.cacheFolder = standIn.kubeconfig.removingLastComponent().appending("cache")
    kubectl.firstPause = .milliseconds(50)
    kubectl.patience = .seconds(20)
    return kubectl
}

func readiness(_ standIn: KubernetesStandIn) -> Readiness {
    Readiness(kubectl(standIn), interval: .milliseconds(100))
}

/// Documents of one manifest.
func manifest(_ documents: String...) -> [UInt8] { Array(documents.joined(separator: "\n---\n").utf8) }

func deployment(_ name: String, replicas: Int = 1, image: String = "docker.io/library/nginx:1") -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: \(name), namespace: default}
    spec:
      replicas: \(replicas)
      selector: {matchLabels: {app: \(name)}}
      template:
        metadata: {labels: {app: \(name)}}
        spec: {containers: [{name: main, image: "\(image)"}]}
    """
}

func job(_ name: String, annotations: String = "{}") -> String {
    """
    apiVersion: batch/v1
    kind: Job
    metadata: {name: \(name), namespace: default, annotations: \(annotations)}
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: "docker.io/library/busybox:1"}]
    """
}

/// The error of this module that `body` ends with.
func clusterError(_ body: () async throws -> Void) async -> ClusterError? {
    do {
        try await body()
    } catch {
        return error as? ClusterError
    }
    return nil
}

func json(_ text: String) -> JSON { JSON.documents(Array(text.utf8))?.first ?? .null }
