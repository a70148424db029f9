import Yams

/// Rules of the node's ports, and of pods that would be there twice.
extension ObjectGraph {
    /// What k0s and its own pods listen on.
    static let kubernetesPorts = [
        "179": "kube-router", "2379": "etcd", "2380": "etcd", "6443": "the API server", "8080": "kube-router",
        "8132": "konnectivity", "8133": "konnectivity", "9443": "k0s", "10248": "kubelet", "10249": "kube-proxy",
        "10250": "kubelet", "10256": "kube-proxy", "10257": "the controller manager", "10259": "the scheduler",
        "20244": "kube-router",
    ]

    /// A port of the node belongs to one container.
    func collidingHostPorts() -> [Finding] {
        var owners = Self.kubernetesPorts
        var findings: [Finding] = []
        for container in containers {
            for port in container.ports {
                let own = container.pod.usesHostNetwork ? port["containerPort"] : nil
                guard let number = (port["hostPort"] ?? own)?.string else { continue }
                let key = port["protocol"]?.string == "UDP" ? "\(number)/UDP" : number
                if let owner = owners[key] {
                    findings.append(Finding(container, "the node's port \(key) is that of \(owner)"))
                } else {
                    owners[key] = container.pod.object.title
                }
            }
        }
        return findings
    }

    /// What has a port of the node or a volume is not there twice while it is replaced.
    func workloadsThatMeetThemselves() -> [Finding] {
        pods.filter { $0.object.kind == "Deployment" }.compactMap { pod in
            let hasHostPort = pod.containers.contains { $0.ports.contains { $0["hostPort"] != nil } }
            guard pod.usesHostNetwork || hasHostPort || !pod.claims.isEmpty,
                pod.object["spec", "strategy", "type"]?.string != "Recreate"
            else { return nil }
            return Finding(pod.object, "its next pod starts beside the old one, on the same port or volume")
        }
    }
}
