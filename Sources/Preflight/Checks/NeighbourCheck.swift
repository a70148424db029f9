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
    "kubelet", "k3s", "k3s-agent", "rke2-server", "rke2-agent", "snap.microk8s.daemon-kubelite",
]
private let k0sUnits = ["k0scontroller", "k0sworker"]
private let kubernetesPrograms = ["kubelet", "k3s", "k3s-server", "k3s-agent", "rke2", "kubelite", "k0s"]
private let runtimes = ["containerd", "dockerd", "crio", "cri-dockerd"]

@Sendable private func checkNeighbours(_ context: CheckContext) -> Finding {
    let need = "no other Kubernetes"
    let data = context.options.dataDirectory.string
    let strangers = context.processes.processes.filter {
        !(context.options.isInstalled && context.processes.isKubernetes($0, dataDirectory: data))
    }
    let running = strangers.filter { kubernetesPrograms.contains($0.name) }
    let units = services(context)
    let traces = k0sTraces(context)
    let found =
        units.map { "service \($0)" } + running.map { "process \($0.id) \($0.name)" } + otherTraces(context) + traces
    guard found.isEmpty else {
        let hasK0s =
            !traces.isEmpty || running.contains { $0.name == "k0s" } || units.contains { k0sUnits.contains($0) }
        return .fail(
            found.joined(separator: ", "), need: need,
            remedy: hasK0s
                ? remedyForK0s(context)
                : "remove it first: kubeadm reset, k3s-uninstall.sh or rke2-uninstall.sh; then delete what is named here"
        )
    }
    let others = Set(strangers.map(\.name)).intersection(runtimes).sorted()
    guard others.isEmpty else {
        return .warn(
            "\(others.joined(separator: ", ")) runs too", need: need,
            remedy: "it may stay, but shares memory, disk and network rules with the platform")
    }
    return .pass("nothing else", need: need)
}

/// A k0s may be the platform itself, whose record is on a disk that is not mounted: nothing may be advised that deletes
/// data before that is known.
private func remedyForK0s(_ context: CheckContext) -> String {
    let state = context.options.stateDirectory
    return """
        a k0s is here that \(state) knows nothing of. If Sealift installed it, keep it: mount or restore \(state), and \
        run this again
        if nothing of it is needed any more: k0s stop && k0s reset, which deletes its data; then delete what is named here
        """
}

/// Installed services of any Kubernetes, our own apart.
private func services(_ context: CheckContext) -> [String] {
    let units = kubernetesUnits + (context.options.isInstalled ? [] : k0sUnits)
    return units.filter { unit in
        unitFolders.flatMap { ["\($0)/\(unit).service", "\($0)/\(unit)"] }
            .contains { context.host.exists($0) && !context.host.isMasked($0) }
    }
}

/// Folders that a Kubernetes other than k0s leaves.
private func otherTraces(_ context: CheckContext) -> [String] {
    ["/etc/kubernetes", "/var/lib/kubelet", "/var/lib/rancher"].filter { !context.host.names(in: $0).isEmpty }
}

/// Folders and files that a k0s leaves, our own apart.
private func k0sTraces(_ context: CheckContext) -> [String] {
    guard !context.options.isInstalled else { return [] }
    let host = context.host
    let data = context.options.dataDirectory.string
    // An empty folder, or one with a disk mounted on it, is what a careful operator prepares.
    let parts = ["pki", "bin", "db", "kubelet", "containerd"].filter { host.exists("\(data)/\($0)") }
    return (parts.isEmpty ? [] : ["\(data) with \(parts.joined(separator: ", "))"])
        + ["/usr/local/bin/k0s", "/usr/bin/k0s"].filter { host.exists($0) }
}

extension Host {
    /// Whether a unit file is only a link that says that the unit must never start (systemctl mask).
    fileprivate func isMasked(_ path: String) -> Bool { link(path) == "/dev/null" }
}
