internal import SystemPackage

/// The rule about what else runs containers here.
let neighbourRules: [CheckRule] = [
    CheckRule(.otherKubernetes, "other Kubernetes and container runtimes", .kubernetes, checkNeighbours)
]

private let unitFolders = [
    "/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/etc/init.d",
]
/// Services that would fight over kubelet's ports, folders and network rules.
private let kubernetesUnits = [
    "kubelet", "k3s", "k3s-agent", "rke2-server", "rke2-agent", "snap.microk8s.daemon-kubelite", "k0scontroller",
    "k0sworker",
]
private let kubernetesPrograms = ["kubelet", "k3s", "k3s-server", "k3s-agent", "rke2", "kubelite", "k0s"]
private let runtimes = ["containerd", "dockerd", "crio", "cri-dockerd"]

@Sendable private func checkNeighbours(_ context: CheckContext) -> Finding {
    let need = "no other Kubernetes"
    let host = context.host
    let data = context.options.dataDirectory.string
    let isOurs = context.options.isInstalled
    let own: Set = ["k0scontroller", "k0sworker"]
    var found: [String] = []
    for unit in kubernetesUnits where !(isOurs && own.contains(unit)) {
        let places = unitFolders.flatMap { ["\($0)/\(unit).service", "\($0)/\(unit)"] }
        if places.contains(where: { host.exists($0) && !host.isMasked($0) }) { found.append("service \(unit)") }
    }
    let strangers = context.processes.processes.filter {
        !(isOurs && context.processes.isKubernetes($0, dataDirectory: data))
    }
    for process in strangers where kubernetesPrograms.contains(process.name) {
        found.append("process \(process.id) \(process.name)")
    }
    for folder in ["/etc/kubernetes", "/var/lib/kubelet", "/var/lib/rancher"] where !host.names(in: folder).isEmpty {
        found.append(folder)
    }
    if !isOurs {
        // An empty folder, or one with a disk mounted on it, is what a careful operator prepares.
        let traces = ["pki", "bin", "db", "kubelet", "containerd"].filter { host.exists("\(data)/\($0)") }
        if !traces.isEmpty { found.append("\(data) with \(traces.joined(separator: ", "))") }
        for path in ["/usr/local/bin/k0s", "/usr/bin/k0s"] where host.exists(path) { found.append(path) }
    }
    guard found.isEmpty else {
        return .fail(
            found.joined(separator: ", "), need: need,
            remedy: """
                remove it first: kubeadm reset, k3s-uninstall.sh, rke2-uninstall.sh, or k0s stop && k0s reset; \
                then delete what is named here
                """)
    }
    let others = Set(strangers.map(\.name)).intersection(runtimes).sorted()
    guard others.isEmpty else {
        return .warn(
            "\(others.joined(separator: ", ")) runs too", need: need,
            remedy: "it may stay, but shares memory, disk and network rules with the platform")
    }
    return .pass("nothing else", need: need)
}

extension Host {
    /// Whether a unit file is only a link that says that the unit must never start (systemctl mask).
    fileprivate func isMasked(_ path: String) -> Bool { link(path) == "/dev/null" }
}
