/// The address by which the node is known to Kubernetes: `--node-ip` and `spec.api.address`.
package enum NodeAddress: Hashable, Sendable {
    /// What was chosen, and why.
    case chosen(IPAddress, reason: String)
    /// What the operator wrote is no address.
    case malformed(String)
    /// The operator's address is none of the host's own, which are given.
    case notLocal(IPAddress, own: [IPAddress])
    /// The host has no address that a node can be known by.
    case none

    /// Chooses the operator's address where there is one, else that of the interface with the default route, else the
    /// first that is neither of loopback nor of one link only; IPv4 before IPv6.
    ///
    /// - Parameters:
    ///   - host: the host.
    ///   - requested: what the operator wrote.
    ///   - podCIDR: the addresses of pods, which are never the node's: those of a bridge that is there already.
    /// - Returns: what was chosen, or why nothing could be.
    package static func select(on host: Host, requested: String? = nil, podCIDR: String = "") -> NodeAddress {
        let all = LocalAddresses(of: host).addresses
        let pods = AddressRange(podCIDR)
        let own = all.filter { $0.isUsable && pods?.contains($0) != true }
        if let requested {
            guard let address = IPAddress(requested) else { return .malformed(requested) }
            return all.contains(address) && address.isUsable
                ? .chosen(address, reason: "given") : .notLocal(address, own: own)
        }
        let table = RoutingTable(of: host)
        if let route = table.defaultRoute, let address = address(of: route, among: own, table) {
            return .chosen(address, reason: "of \(route.interface), which has the default route")
        }
        // Bridges of container runtimes come and go; what is on them is the last resort.
        let virtual = table.routes.filter { isVirtual($0.interface) && $0.gateway == nil }.map(\.destination)
        let real = own.first { address in !virtual.contains { $0.contains(address) } }
        guard let first = real ?? own.first else { return .none }
        return .chosen(first, reason: "the first that is not loopback or link-local")
    }

    private static func isVirtual(_ interface: String) -> Bool {
        ["docker", "br-", "cni", "kube-", "virbr", "flannel", "veth", "cali", "lxc"].contains {
            interface.hasPrefix($0)
        }
    }

    /// The address on the interface of `route`: on the gateway's own network, or on any of that interface.
    private static func address(of route: RoutingTable.Route, among own: [IPAddress], _ table: RoutingTable)
        -> IPAddress?
    {
        let links = table.routes.filter { $0.interface == route.interface && $0.gateway == nil && !$0.isDefault }
            .map(\.destination).filter { $0.base.isIPv6 == route.destination.base.isIPv6 }
        let nearest = links.filter { link in route.gateway.map { link.contains($0) } ?? true }
        for link in nearest + links {
            if let address = own.first(where: { link.contains($0) }) { return address }
        }
        return nil
    }
}
