internal import BundleFormat
internal import SystemPackage

/// The rule about ports.
let portRules: [CheckRule] = [CheckRule(.ports, "ports of the host", .workloads, checkPorts)]

/// Ports that k0s takes on every node (k0s documentation, networking; 8080 and 20244 are kube-router's).
private let nodePorts: [(port: Int, owner: String)] = [
    (179, "kube-router"), (8080, "kube-router"), (10249, "kube-proxy"), (10250, "kubelet"), (10256, "kube-proxy"),
    (20244, "kube-router"),
]
/// What a controller takes beside them.
private let controllerPorts: [(port: Int, owner: String)] = [(6443, "the API server"), (9443, "k0s")]
/// What it takes where other nodes may join: konnectivity, by which the API reaches them, and a datastore of its own.
private let clusterPorts: [(port: Int, owner: String)] = [
    (2379, "etcd"), (2380, "etcd"), (8132, "konnectivity"), (8133, "konnectivity"),
]

private func kubernetesPorts(_ role: PreflightOptions.Role) -> [(port: Int, owner: String)] {
    switch role {
    case .single: nodePorts + controllerPorts
    case .controller: nodePorts + controllerPorts + clusterPorts
    case .worker: nodePorts
    }
}

@Sendable private func checkPorts(_ context: CheckContext) -> Finding {
    var wanted = context.needs.workloads.hostPorts
    if context.needs.distribution != nil {
        wanted += kubernetesPorts(context.options.role).map {
            Requirements.HostPort(port: $0.port, protocol: "TCP", owner: $0.owner)
        }
    }
    let names = Set(wanted.map { $0.protocol == "TCP" ? "\($0.port)" : "\($0.port)/\($0.protocol.lowercased())" })
    let need = names.isEmpty ? "none" : names.sorted(by: isLower).joined(separator: ", ")
    let clashes = ownClashes(wanted)
    guard clashes.isEmpty else {
        return .fail(
            clashes.joined(separator: ", "), need: need,
            remedy: "these are of the bundle itself: change one of them in its manifests and build it again")
    }
    let sockets = SocketTable(of: context.host).sockets
    var taken: [String] = []
    for want in wanted {
        guard let socket = sockets.first(where: { $0.port == want.port && $0.protocol == want.protocol }) else {
            continue
        }
        let owner = context.processes.owner(ofSocket: socket.inode)
        if context.options.isInstalled, isOurs(owner, context) { continue }
        let who = owner.map { "\($0.name), process \($0.id)" } ?? "an unknown process"
        taken.append("\(want.port) for \(want.owner) is taken by \(who)")
    }
    guard taken.isEmpty else {
        return .fail(
            Set(taken).sorted(by: isLower).joined(separator: "; "), need: need,
            remedy: "stop what holds them (systemctl disable --now SERVICE), or give it other ports")
    }
    return .pass("all free", need: need)
}

/// On a host where our Kubernetes is, a socket whose owner can't be seen is that of a container.
private func isOurs(_ owner: ProcessTable.Process?, _ context: CheckContext) -> Bool {
    guard let owner else { return true }
    return context.processes.isKubernetes(owner, dataDirectory: context.options.dataDirectory.string)
}

/// Ports that two things of the bundle, or one of them and Kubernetes, both want.
private func ownClashes(_ wanted: [Requirements.HostPort]) -> [String] {
    var owners: [String: Set<String>] = [:]
    for want in wanted { owners["\(want.port)/\(want.protocol)", default: []].insert(want.owner) }
    return owners.filter { $0.value.count > 1 }.map { "\($0.key) for \($0.value.sorted().joined(separator: " and "))" }
        .sorted(by: isLower)
}

/// Orders texts by the number at their start.
private func isLower(_ left: String, _ right: String) -> Bool {
    func number(_ text: String) -> Int { Int(text.prefix { $0.isNumber }) ?? 0 }
    return (number(left), left) < (number(right), right)
}
