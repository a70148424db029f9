import BundleFormat
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Preflight

@Suite struct NetworkTests {
    /// Puts what a new network namespace shows, after `commands` have run in it, into `host`.
    private func capture(_ commands: String, into host: borrowing FakeHost) async throws {
        let folder = host.place("/proc/net").string
        let copy =
            "for f in route ipv6_route fib_trie if_inet6 tcp tcp6 udp udp6; do cat /proc/net/$f > '\(folder)'/$f; done"
        _ = try await Program.run("unshare", ["--net", "sh", "-euc", "\(commands)\n\(copy)"])
    }

    @Test(.enabled(if: canMakeNetworks, needsNetworks))
    func aHostWithoutAnyNetworkIsRefusedOrGivenADummyRoute() async throws {
        var host = try FakeHost()
        try await capture("ip link set lo up", into: host)
        let route = try await host.check(.defaultRoute)
        #expect(route.status == .fail)
        #expect(route.measured == "none")
        #expect(route.remedy?.contains("--dummy-route") == true)
        let address = try await host.check(.nodeAddress)
        #expect(address.status == .fail)
        #expect(address.measured == "none but loopback")
        host.options.addsDummyRoute = true
        #expect(try await host.check(.defaultRoute).status == .pass)
        #expect(try await host.check(.nodeAddress).status == .pass)
        #expect(NodeAddress.select(on: host.options.host) == .none)
    }

    /// Refused before the first step, not in the midst of it, and whatever route the host has.
    @Test(arguments: [true, false]) func whereADummyRouteCantBeMadeItIsNotOffered(_ hasSystemd: Bool) async throws {
        var host = try FakeHost()
        if hasSystemd {
            try host.remove("/usr/sbin/ip")
        } else {
            try host.remove("/run/systemd")
            try host.set("/proc/1/comm", "init\n")
        }
        host.options.addsDummyRoute = true
        let asked = try await host.check(.defaultRoute)
        #expect(asked.status == .fail)
        #expect(asked.measured.contains(hasSystemd ? "needs the program ip" : "a unit of systemd's"))
        #expect(asked.remedy?.contains("ip link add dummy0") == true)
        host.options.addsDummyRoute = false
        #expect(try await host.check(.defaultRoute).status == .pass)
        try host.set("/proc/net/route", "Iface\tDestination\n")
        #expect(try await host.check(.defaultRoute).remedy?.contains("--dummy-route") == false)
    }

    @Test(.enabled(if: canMakeNetworks, needsNetworks))
    func aHostWithAnAddressAndNoRouteIsKnownByIt() async throws {
        let host = try FakeHost()
        try await capture(
            "ip link set lo up; ip addr add 192.0.2.7/24 dev lo; ip addr add 169.254.1.1/16 dev lo", into: host)
        #expect(try await host.check(.defaultRoute).status == .fail)
        let address = try await host.check(.nodeAddress)
        #expect(address.status == .pass)
        #expect(address.measured == "192.0.2.7, the first that is not loopback or link-local")
    }

    @Test(.enabled(if: canMakeNetworks, needsNetworks))
    func theAddressOfTheDefaultRoutesInterfaceIsChosen() async throws {
        let host = try FakeHost()
        try await capture(
            """
            ip link set lo up; ip addr add 10.1.0.1/16 dev lo
            ip link add net0 type dummy 2>/dev/null || ip tuntap add net0 mode tap
            ip addr add 192.0.2.5/24 dev net0; ip link set net0 up
            ip route add default via 192.0.2.1 dev net0
            """, into: host)
        let route = try await host.check(.defaultRoute)
        #expect(route.measured == "via 192.0.2.1 on net0")
        #expect(try await host.check(.nodeAddress).measured == "192.0.2.5, of net0, which has the default route")
    }

    @Test func aBusyPortNamesWhoHasIt() async throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port =
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Bool in
                    bind(listener, pointer, length) == 0 && listen(listener, 1) == 0
                        && getsockname(listener, pointer, &length) == 0
                }
            } ? Int(UInt16(bigEndian: address.sin_port)) : 0
        try #require(port > 0)
        var needs = PreflightNeeds(distribution: nil)
        needs.workloads.hostPorts = [.init(port: port, protocol: "TCP", owner: "Deployment/web")]
        let busy = try #require(await Preflight.run(needs, PreflightOptions())[.ports])
        #expect(busy.status == .fail)
        #expect(busy.measured.hasPrefix("\(port) for Deployment/web is taken by "))
        #expect(busy.measured.hasSuffix(", process \(getpid())"))
        needs.workloads.hostPorts[0].protocol = "UDP"
        #expect(await Preflight.run(needs, PreflightOptions())[.ports]?.status == .pass)
    }

    private let listening = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 666 1 0 100 0 0 10 0
           1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 667 1 0 100 0 0 10 0

        """

    @Test func portsOfKubernetesAndOfTheBundle() async throws {
        var host = try FakeHost()
        try host.set("/proc/net/tcp", listening)
        let check = try await host.check(.ports)
        #expect(check.status == .fail)
        #expect(check.measured == "6443 for the API server is taken by an unknown process")
        #expect(check.need == "179, 6443, 8080, 9443, 10249, 10250, 10256, 20244")
        host.options.isInstalled = true
        #expect(try await host.check(.ports).status == .pass)
        try host.set("/proc/77/comm", "nginx\n")
        try host.setLink("/proc/77/exe", to: "/usr/sbin/nginx")
        try host.setLink("/proc/77/fd/3", to: "socket:[666]")
        #expect(try await host.check(.ports).measured == "6443 for the API server is taken by nginx, process 77")
        try host.set("/proc/77/cgroup", "0::/kubepods/burstable/pod1/x\n")
        #expect(try await host.check(.ports).status == .pass, "a container of ours")
        try host.set("/proc/77/cgroup", "1:name=systemd:/system.slice/k0scontroller.service\n")
        #expect(try await host.check(.ports).status == .pass, "whatever program k0s has started")
        host.options.isInstalled = false
        #expect(try await host.check(.ports).status == .fail)
    }

    @Test(arguments: [
        (PreflightOptions.Role.single, "179, 6443, 8080, 9443, 10249, 10250, 10256, 20244"),
        (.controller, "179, 2379, 2380, 6443, 8080, 8132, 8133, 9443, 10249, 10250, 10256, 20244"),
        (.worker(controller: "192.0.2.1"), "179, 8080, 10249, 10250, 10256, 20244"),
    ]) func portsDependOnWhatTheHostWillBe(_ role: PreflightOptions.Role, _ ports: String) async throws {
        var host = try FakeHost()
        host.options.role = role
        #expect(try await host.check(.ports).need == ports)
    }

    @Test func aWorkerHasTheHostPortsOfDaemonSetsOnly() {
        var needs = PreflightNeeds()
        needs.workloads = .init(
            cpuMillis: 500, volumeBytes: 7,
            hostPorts: [
                .init(port: 80, protocol: "TCP", owner: "DaemonSet/way-in"),
                .init(port: 81, protocol: "TCP", owner: "Deployment/web"),
            ], hostPaths: [.init(path: "/srv/x", owner: "PersistentVolume/x", bytes: 7)])
        #expect(needs.ofWorker.workloads == .init(hostPorts: [needs.workloads.hostPorts[0]]))
        #expect(needs.ofWorker.podCIDR == needs.podCIDR)
    }

    @Test(arguments: [
        ("192.0.2.77", PreflightReport.Status.pass, "direct on eth0"),
        ("198.51.100.1", .pass, "via 192.0.2.1 on eth0"), ("127.0.0.1", .fail, "every host itself"),
        ("192.0.2.2", .fail, "this host's own"), ("api.example", .warn, "is a name"), ("2001:db8::1", .fail, "none"),
    ]) func looksForAWayToTheController(
        _ controller: String, _ status: PreflightReport.Status, _ words: String
    ) async throws {
        var host = try FakeHost()
        #expect(try await host.check(.controllerAddress).status == .skipped)
        host.options.role = .worker(controller: controller)
        let check = try await host.check(.controllerAddress)
        #expect(check.status == status && check.measured.contains(words), "\(check)")
        #expect((check.remedy != nil) == (status != .pass))
    }

    @Test func aDummyRouteLeadsToNoController() async throws {
        var host = try FakeHost()
        host.options.role = .worker(controller: "198.51.100.1")
        let table = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            sealift0\t00000000\tFF7100CB\t0003\t0\t0\t1000\t00000000\t0\t0\t0

            """
        try host.set("/proc/net/route", table)
        #expect(try await host.check(.controllerAddress).status == .fail)
    }

    @Test func aControllerNeedsAnAddressThatWorkersReach() async throws {
        var host = try FakeHost()
        try host.set("/proc/net/fib_trie", "")
        host.options.addsDummyRoute = true
        #expect(try await host.check(.nodeAddress).status == .pass)
        host.options.role = .controller
        let check = try await host.check(.nodeAddress)
        #expect(check.status == .fail && check.measured.contains("can't be reached by workers"), "\(check)")
    }

    @Test func aBundleThatFightsWithItselfIsRefused() async throws {
        var host = try FakeHost()
        host.needs.workloads.hostPorts = [
            .init(port: 8080, protocol: "TCP", owner: "Deployment/web"),
            .init(port: 8080, protocol: "UDP", owner: "Deployment/other"),
        ]
        let check = try await host.check(.ports)
        #expect(check.status == .fail)
        #expect(check.measured == "8080/TCP for Deployment/web and kube-router")
        host.needs.distribution = nil
        #expect(try await host.check(.ports).status == .pass)
    }

    @Test func socketTables() {
        let found = SocketTable.parse(listening, protocol: "TCP")
        #expect(found == [.init(port: 6443, protocol: "TCP", inode: 666)])
        let six = "h\n 0: 00000000000000000000000000000000:2382 0:0 0A 0:0 0:0 0 0 0 9 1\n"
        #expect(SocketTable.parse(six, protocol: "TCP").map(\.port) == [9090])
        #expect(
            SocketTable.parse("h\n 0: 00000000:0035 0:0 07 0:0 0:0 0 0 0 9 1\n", protocol: "UDP").map(\.port) == [53])
        for bad in [
            "", "h", "h\nx", "h\n 0: 00000000 0:0 0A 0 0 0 0 0 9", "h\n 0: 0:ZZZZ 0 0A 0 0 0 0 0 9",
            "h\n 0: 0:10000 0 0A 0 0 0 0 0 9", "h\n 0: 0:50 0 0A 0 0 0 0 0 -9",
        ] {
            #expect(SocketTable.parse(bad, protocol: "TCP").isEmpty)
        }
    }

    @Test func addressesAreReadFromTheTrie() throws {
        let text = """
            Main:
              +-- 0.0.0.0/0 3 0 5
                 |-- 127.0.0.1
                    /32 host LOCAL
                 |-- 192.0.2.0
                    /24 link UNICAST
                 |-- 192.0.2.2
                    /32 host LOCAL
            Local:
                 |-- 192.0.2.2
                    /32 host LOCAL
                 |-- 198.51.100.4
                    /24 link UNICAST
                    /32 host LOCAL
                 |-- 300.1.1.1
                    /32 host LOCAL
                 |--
                    /32 host
                    /32
            """
        #expect(
            LocalAddresses.parseIPv4(text).map(\.description) == ["127.0.0.1", "192.0.2.2", "198.51.100.4"])
        #expect(LocalAddresses.parseIPv4("/32 host LOCAL\n").isEmpty)
    }

    @Test func addressesOfIPv6() {
        let text = """
            fe8000000000000000fc00fffe000001 04 40 20 80     eth0
            00000000000000000000000000000001 01 80 10 80       lo
            20010db8000000000000000000000005 04 40 00 80     eth0
            20010db8000000000000000000000006 04 40 00 01     eth0
            20010db8000000000000000000000007 04 40 00 40     eth0
            xyz 04 40 00 80 eth0
            20010db8 04 40 00 80 eth0

            """
        #expect(LocalAddresses.parseIPv6(text).map(\.description) == ["2001:db8::5"])
    }

    @Test func routes() {
        let four = RoutingTable.parseIPv4(
            """
            Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
            eth0 00000000 010200C0 0003 0 0 100 00000000 0 0 0
            eth1 0000000A 00000000 0001 0 0 0 000000FF 0 0 0
            * 0000010A 00000000 0201 0 0 0 0000FFFF 0 0 0
            eth2 0000020A 00000000 0000 0 0 0 0000FFFF 0 0 0
            eth3 00 00 1 0 0 0 0
            """)
        #expect(
            four.map { "\($0.destination) \($0.gateway?.description ?? "-") \($0.interface) \($0.metric)" } == [
                "0.0.0.0/0 192.0.2.1 eth0 100", "10.0.0.0/8 - eth1 0",
            ])
        let zeros = String(repeating: "0", count: 32)
        let six = RoutingTable.parseIPv6(
            """
            \(zeros) 00 \(zeros) 00 20010db8000000000000000000000001 00000400 1 0 00000003 eth0
            20010db8000000000000000000000000 40 \(zeros) 00 \(zeros) 00000100 1 0 00000001 eth0
            fe800000000000000000000000000000 40 \(zeros) 00 \(zeros) 00000100 1 0 00000001 eth0
            \(zeros) 00 \(zeros) 00 \(zeros) ffffffff 1 0 00200200 lo
            20010db8000000000000000000000002 80 \(zeros) 00 \(zeros) 00000000 1 0 80200001 eth0
            x
            """)
        #expect(
            six.map { "\($0.destination) \($0.gateway?.description ?? "-")" } == [
                "::/0 2001:db8::1", "2001:db8::/64 -",
            ])
    }

    @Test(arguments: [
        ("192.0.2.2", PreflightReport.Status.pass), ("192.0.2.3", .fail), ("127.0.0.1", .fail), ("node-1", .fail),
        ("192.0.2.2/24", .fail), ("", .fail), ("::1", .fail),
    ]) func theOperatorsAddressMustBeTheHosts(_ address: String, _ status: PreflightReport.Status) async throws {
        var host = try FakeHost()
        host.options.nodeAddress = address
        #expect(try await host.check(.nodeAddress).status == status)
    }

    @Test func aStrangersAddressNamesThoseThatThereAre() async throws {
        var host = try FakeHost()
        host.options.nodeAddress = "192.0.2.3"
        #expect(try await host.check(.nodeAddress).remedy == "choose one of 192.0.2.2")
    }

    @Test func bridgesOfContainersAreTheLastChoice() async throws {
        let host = try FakeHost()
        func trie(_ addresses: String...) -> String { addresses.map { "|-- \($0)\n/32 host LOCAL\n" }.joined() }
        try host.set(
            "/proc/net/route",
            "Iface\ndocker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0\neth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n"
        )
        try host.set("/proc/net/fib_trie", trie("172.17.0.1", "192.0.2.2"))
        #expect(try await host.check(.nodeAddress).measured.hasPrefix("192.0.2.2,"))
        try host.set("/proc/net/fib_trie", trie("172.17.0.1", "10.244.0.1"))
        #expect(try await host.check(.nodeAddress).measured.hasPrefix("172.17.0.1,"), "a pod's address is none")
    }

    @Test func aHostOfIPv6OnlyIsWarnedAbout() async throws {
        let host = try FakeHost()
        try host.remove("/proc/net/fib_trie")
        try host.set("/proc/net/if_inet6", "20010db8000000000000000000000005 04 40 00 80     eth0\n")
        let check = try await host.check(.nodeAddress)
        #expect(check.status == .warn)
        #expect(check.measured.hasPrefix("2001:db8::5"))
    }

    @Test func aRouteToTheServicesIsRouteEnough() async throws {
        let host = try FakeHost()
        try host.set("/proc/net/route", "Iface\neth0 0000000A 010200C0 0003 0 0 0 000000FF 0 0 0\n")
        #expect(try await host.check(.defaultRoute).measured == "10.0.0.0/8 on eth0")
        try host.set("/proc/net/route", "Iface\neth0 0000600A 010200C0 0003 0 0 0 0000FFFF 0 0 0\n")
        #expect(try await host.check(.defaultRoute).status == .fail, "10.96.0.0/16 is only a part of them")
    }

    @Test(arguments: [
        ("", "none in /etc/resolv.conf"), ("search example\n#nameserver 192.0.2.1\n", "none in /etc/resolv.conf"),
        ("nameserver\n", "none in"), ("nameserver 127.0.0.53\noptions edns0\n", "only 127.0.0.53"),
        ("nameserver 127.0.0.1\nnameserver ::1\n", "only 127.0.0.1, ::1"),
    ]) func nameServers(_ text: String, _ measured: String) async throws {
        let host = try FakeHost()
        try host.set("/etc/resolv.conf", text)
        let check = try await host.check(.nameServers)
        #expect(check.status == .warn)
        #expect(check.measured.hasPrefix(measured))
        #expect(check.remedy?.contains("/etc/k0s/resolv.conf") == true)
    }

    @Test func aNameServerOnTheNetworkPasses() async throws {
        let host = try FakeHost()
        try host.set("/etc/resolv.conf", "nameserver 127.0.0.1\n\tnameserver  fe80::1%eth0\n")
        #expect(try await host.check(.nameServers).measured == "fe80::1%eth0")
        try host.remove("/etc/resolv.conf")
        #expect(try await host.check(.nameServers).status == .warn)
    }

    @Test(arguments: [
        ("192.0.0.0/16", "10.96.0.0/12", "192.0.0.0/16 for pods overlaps 192.0.2.0/24 on eth0"),
        ("192.0.2.128/25", "10.96.0.0/12", "192.0.2.128/25 for pods overlaps 192.0.2.0/24 on eth0"),
        ("10.244.0.0/16", "192.0.2.2/32", "192.0.2.2/32 for services overlaps 192.0.2.0/24 on eth0"),
        ("10.100.0.0/16", "10.96.0.0/12", "pods and services overlap"),
        ("pods", "10.96.0.0/12", "'pods' for pods is no range"),
        ("10.244.0.0/33", "10.96.0.0/12", "'10.244.0.0/33' for pods is no range"),
    ]) func networkOverlap(_ pods: String, _ services: String, _ measured: String) async throws {
        var host = try FakeHost()
        host.needs.podCIDR = pods
        host.needs.serviceCIDR = services
        let check = try await host.check(.networkOverlap)
        #expect(check.status == .fail)
        #expect(check.measured == measured)
        host.needs.settings = ["pods": pods, "services": services]
        let remedy = try await host.check(.networkOverlap).remedy
        #expect(remedy?.hasSuffix("--set pods=RANGE --set services=RANGE") == true)
    }

    @Test func routesOfOurOwnPodsAreNoOverlap() async throws {
        var host = try FakeHost()
        try host.set("/proc/net/route", "Iface\nkube-bridge 0000F40A 00000000 0001 0 0 0 0000FFFF 0 0 0\n")
        #expect(try await host.check(.networkOverlap).status == .fail)
        host.options.isInstalled = true
        #expect(try await host.check(.networkOverlap).status == .pass)
    }
}

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:5", "2001:db8::5"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ]) func reads(_ text: String, _ shown: String) throws {
        #expect(try #require(IPAddress(text)).description == shown)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.+4", "1.2.3.", "0001.2.3.4", "1.2.3.4 ", ":", ":::",
        "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1.2.3", "-1::", "+1::",
        "fe80::1%eth0",
    ]) func refuses(_ text: String) { #expect(IPAddress(text) == nil) }

    @Test(arguments: [
        ("10.0.0.0/8", "10.244.0.0/16", true), ("10.244.0.0/16", "10.0.0.0/8", true),
        ("10.0.0.0/9", "10.128.0.0/9", false),
        ("0.0.0.0/0", "192.0.2.0/24", true), ("::/0", "192.0.2.0/24", false), ("192.0.2.77/24", "192.0.2.1/32", true),
        ("2001:db8::/32", "2001:db8:1::/48", true), ("::/128", "::1/128", false), ("0.0.0.0/32", "0.0.0.1/32", false),
    ]) func overlaps(_ left: String, _ right: String, _ isTrue: Bool) throws {
        #expect(try #require(AddressRange(left)).overlaps(#require(AddressRange(right))) == isTrue)
    }

    @Test(arguments: [
        "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "/8", "10.0.0.0/8/8", "",
    ])
    func noRange(_ text: String) { #expect(AddressRange(text) == nil) }
}
