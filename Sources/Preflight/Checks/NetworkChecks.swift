/// The rules about the host's network.
let networkRules: [CheckRule] = [
    CheckRule(.defaultRoute, "a default route", .kubernetes, checkDefaultRoute),
    CheckRule(.nodeAddress, "the node's address", .kubernetes, checkNodeAddress),
    CheckRule(.controllerAddress, "the way to the controller", .kubernetes, checkControllerAddress),
    CheckRule(.nameServers, "name servers", .kubernetes, checkNameServers),
    CheckRule(.networkOverlap, "addresses of pods and services", .kubernetes, checkNetworkOverlap),
]

/// Commands that give a host an address and a default route without any network (k3s documentation, air-gap).
private let dummyCommands = """
    ip link add dummy0 type dummy; ip link set dummy0 up
    ip addr add 203.0.113.254/31 dev dummy0; ip route add default via 203.0.113.255 dev dummy0 metric 1000
    """

/// What to do on a host without a network.
private func dummyRoute(_ context: CheckContext) -> String {
    guard obstacleToDummyRoute(context) == nil else {
        return "make an interface that leads nowhere, now and at every boot:\n\(dummyCommands)"
    }
    return "give --dummy-route, and the installer makes an interface that leads nowhere; or by hand:\n\(dummyCommands)"
}

/// Why `--dummy-route` can't be had here; `nil` where it can.
private func obstacleToDummyRoute(_ context: CheckContext) -> String? {
    guard context.host.hasSystemd else { return "--dummy-route makes a unit of systemd's, which doesn't run here" }
    return context.host.hasProgram("ip") ? nil : "--dummy-route needs the program ip (package iproute2)"
}

@Sendable private func checkDefaultRoute(_ context: CheckContext) -> Finding {
    let need = "one that covers the service addresses \(context.needs.serviceCIDR)"
    let table = RoutingTable(of: context.host)
    // Whatever else there is: the step would stop at it, with half of the host changed.
    if context.options.addsDummyRoute, let obstacle = obstacleToDummyRoute(context) {
        return .fail(obstacle, need: need, remedy: dummyRoute(context))
    }
    if let route = table.defaultRoute, !route.destination.base.isIPv6 {
        return .pass("\(route.gateway.map { "via \($0)" } ?? "direct") on \(route.interface)", need: need)
    }
    // Without any route the kernel refuses to send before kube-proxy's rules could turn the packet around.
    let services = AddressRange(context.needs.serviceCIDR)
    if let services,
        let route = table.routes.first(where: {
            $0.destination.prefix <= services.prefix && $0.destination.overlaps(services)
        })
    {
        return .pass("\(route.destination) on \(route.interface)", need: need)
    }
    if context.options.addsDummyRoute { return .pass("none; --dummy-route adds one", need: need) }
    return .fail(table.defaultRoute == nil ? "none" : "only of IPv6", need: need, remedy: dummyRoute(context))
}

@Sendable private func checkNodeAddress(_ context: CheckContext) -> Finding {
    let need = "one address of the host that stays"
    let selection = NodeAddress.select(
        on: context.host, requested: context.options.nodeAddress, podCIDR: context.needs.podCIDR)
    switch selection {
    case .chosen(let address, let reason) where address.isIPv6:
        return .warn(
            "\(address), \(reason)", need: need,
            remedy: "k0s' pods and services have IPv4 addresses; give the host one too: ip addr add ADDRESS/24 dev NAME"
        )
    case .chosen(let address, let reason): return .pass("\(address), \(reason)", need: need)
    case .malformed(let text):
        return .fail("'\(text)' is no address", need: need, remedy: "write it as in --node-ip 192.0.2.10")
    case .notLocal(let address, let own):
        let known = own.map(\.description).joined(separator: ", ")
        return .fail(
            "\(address) is none of this host's", need: need,
            remedy: own.isEmpty ? "the host has none at all; \(dummyRoute(context))" : "choose one of \(known)")
    case .none:
        if context.options.addsDummyRoute, context.options.role == .controller {
            return .fail(
                "none; that of --dummy-route can't be reached by workers", need: need,
                remedy:
                    "give the host an address on the network that its workers are on: ip addr add ADDRESS/24 dev NAME")
        }
        if context.options.addsDummyRoute {
            return .pass("none; --dummy-route adds one", need: need)
        }
        return .fail("none but loopback", need: need, remedy: dummyRoute(context))
    }
}

/// Whether there is a way to the API of the cluster that is joined. Nothing is sent: k0s will see whether it answers.
@Sendable private func checkControllerAddress(_ context: CheckContext) -> Finding {
    guard case .worker(let controller) = context.options.role else { return .skipped("this host joins no other") }
    let need = "a route to \(controller)"
    guard let address = IPAddress(controller) else {
        return .warn(
            "'\(controller)' is a name", need: need,
            remedy: "k0s must be able to look it up: put it into /etc/hosts where no name server does it")
    }
    let remedy = "is the token of the right cluster? a controller has the address of its spec.api.address"
    guard !address.isLoopback else {
        return .fail("\(address), which is every host itself", need: need, remedy: remedy)
    }
    guard !LocalAddresses(of: context.host).addresses.contains(address) else {
        return .fail("\(address) is this host's own", need: need, remedy: remedy)
    }
    let routes = RoutingTable(of: context.host).routes.filter {
        $0.destination.contains(address) && $0.interface != "sealift0"
    }
    guard let route = routes.max(by: { $0.destination.prefix < $1.destination.prefix }) else {
        return .fail(
            "none", need: need, remedy: "bring the network up: ip addr add ADDRESS/24 dev NAME, or ip route add")
    }
    return .pass("\(route.gateway.map { "via \($0)" } ?? "direct") on \(route.interface)", need: need)
}

@Sendable private func checkNameServers(_ context: CheckContext) -> Finding {
    let need = "one that is not on loopback, or none is needed"
    let remedy = "no need to do anything: the installer gives k0s a file of its own, /etc/k0s/resolv.conf"
    let servers = NameServers(of: context.host)
    // CoreDNS takes the host's file as it is: it ends without a server, and asks itself in circles with a local one.
    switch servers.file {
    case NameServers.hostFile?: return .pass(servers.usable.joined(separator: ", "), need: need)
    case let file?:
        return .pass("\(servers.usable.joined(separator: ", ")), which pods get from \(file)", need: need)
    case nil where servers.listed.isEmpty:
        return .warn("none in \(NameServers.hostFile), which stops CoreDNS", need: need, remedy: remedy)
    case nil:
        return .warn("only \(servers.listed.joined(separator: ", ")), a loop for CoreDNS", need: need, remedy: remedy)
    }
}

@Sendable private func checkNetworkOverlap(_ context: CheckContext) -> Finding {
    let ranges = [("pods", context.needs.podCIDR), ("services", context.needs.serviceCIDR)]
    let need = ranges.map { "\($0.1) for \($0.0)" }.joined(separator: ", ") + " used by nothing else"
    let own = LocalAddresses(of: context.host).addresses
    // Routes of the Kubernetes that is there are what they should be.
    let routes = RoutingTable(of: context.host).routes.filter { route in
        !route.isDefault
            && !(context.options.isInstalled
                && (route.interface.hasPrefix("kube-") || route.interface.hasPrefix("veth")))
    }
    var faults: [String] = []
    var parsed: [AddressRange] = []
    for (name, text) in ranges {
        guard let range = AddressRange(text) else {
            faults.append("'\(text)' for \(name) is no range")
            continue
        }
        if parsed.contains(where: { $0.overlaps(range) }) { faults.append("pods and services overlap") }
        parsed.append(range)
        if let route = routes.first(where: { $0.destination.overlaps(range) }) {
            faults.append("\(range) for \(name) overlaps \(route.destination) on \(route.interface)")
        } else if !context.options.isInstalled, let address = own.first(where: { range.contains($0) }) {
            faults.append("\(range) for \(name) contains this host's \(address)")
        }
    }
    guard faults.isEmpty else {
        return .fail(
            faults.joined(separator: "; "), need: need,
            remedy: "choose ranges that the site doesn't use: "
                + ranges.map { range in context.needs.change(where: { $0 == range.1 }, "RANGE") }.joined(separator: " ")
        )
    }
    return .pass("no overlap with \(routes.count) routes", need: need)
}
