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
    let data = context.options.dataDirectory.string
    let strangers = context.processes.processes.filter {
        !(context.options.isInstalled && context.processes.isKubernetes($0, dataDirectory: data))
    }
    let running = strangers.filter { kubernetesPrograms.contains($0.name) }.map { "process \($0.id) \($0.name)" }
    let found = services(context) + running + traces(context)
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

/// Installed services of any Kubernetes, our own apart.
private func services(_ context: CheckContext) -> [String] {
    let units = kubernetesUnits.filter { unit in
        !context.options.isInstalled || !["k0scontroller", "k0sworker"].contains(unit)
    }
    return units.filter { unit in
        unitFolders.flatMap { ["\($0)/\(unit).service", "\($0)/\(unit)"] }
            .contains { context.host.exists($0) && !context.host.isMasked($0) }
    }.map { "service \($0)" }
}

/// Folders and files that a Kubernetes leaves, our own apart.
private func traces(_ context: CheckContext) -> [String] {
    let host = context.host
    let data = context.options.dataDirectory.string
    var found = ["/etc/kubernetes", "/var/lib/kubelet", "/var/lib/rancher"].filter { !host.names(in: $0).isEmpty }
    guard !context.options.isInstalled else { return found }
    // An empty folder, or one with a disk mounted on it, is what a careful operator prepares.
    let parts = ["pki", "bin", "db", "kubelet", "containerd"].filter { host.exists("\(data)/\($0)") }
    if !parts.isEmpty { found.append("\(data) with \(parts.joined(separator: ", "))") }
    return found + ["/usr/local/bin/k0s", "/usr/bin/k0s"].filter { host.exists($0) }
}

extension Host {
    /// Whether a unit file is only a link that says that the unit must never start (systemctl mask).
    fileprivate func isMasked(_ path: String) -> Bool { link(path) == "/dev/null" }
}
