/// The routes of the host: `/proc/net/route` and `/proc/net/ipv6_route` (proc_net(5)).
struct RoutingTable {
    struct Route: Hashable {
        var interface: String
        var destination: AddressRange
        /// `nil`: the destination is on the link itself.
        var gateway: IPAddress?
        var metric: UInt32

        var isDefault: Bool { destination.prefix == 0 }
    }

    let routes: [Route]

    init(of host: Host) {
        routes =
            Self.parseIPv4(host.text("/proc/net/route") ?? "") + Self.parseIPv6(host.text("/proc/net/ipv6_route") ?? "")
    }

    /// The route that the kernel takes where no other fits; IPv4 before IPv6, lowest metric first.
    var defaultRoute: Route? {
        routes.filter(\.isDefault).min { ($0.rank, $0.metric) < ($1.rank, $1.metric) }
    }

    /// RTF_UP and RTF_REJECT of `<linux/route.h>`.
    private static let isUp: UInt32 = 0x1
    private static let isRejecting: UInt32 = 0x200
    /// RTF_LOCAL of `<linux/ipv6_route.h>`.
    private static let isLocal: UInt32 = 0x8000_0000

    /// Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses as the machine's own integers in hexadecimal.
    static func parseIPv4(_ text: String) -> [Route] {
        text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 8, let destination = address(fields[1]), let gateway = address(fields[2]),
                let flags = UInt32(fields[3], radix: 16), flags & isUp != 0, flags & isRejecting == 0,
                let metric = UInt32(fields[6]), let mask = address(fields[7]),
                let range = AddressRange(destination, prefix: (~UInt32(mask.bits)).leadingZeroBitCount)
            else { return nil }
            return Route(
                interface: String(fields[0]), destination: range, gateway: gateway.bits == 0 ? nil : gateway,
                metric: metric)
        }
    }

    /// destination prefix source prefix next-hop metric refcount use flags interface, all in hexadecimal.
    static func parseIPv6(_ text: String) -> [Route] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 10, fields[0].utf8.count == 32, let bits = UInt128(fields[0], radix: 16),
                let prefix = Int(fields[1], radix: 16), let gateway = UInt128(fields[4], radix: 16),
                let metric = UInt32(fields[5], radix: 16), let flags = UInt32(fields[8], radix: 16),
                flags & isUp != 0, flags & isRejecting == 0, flags & isLocal == 0,
                let range = AddressRange(IPAddress(ipv6: bits), prefix: prefix)
            else { return nil }
            // Link-local and multicast ranges stand on every interface and lead nowhere.
            guard !range.base.isLinkLocal, range.base.bits >> 120 != 0xFF else { return nil }
            return Route(
                interface: String(fields[9]), destination: range,
                gateway: gateway == 0 ? nil : IPAddress(ipv6: gateway), metric: metric)
        }
    }

    private static func address(_ text: Substring) -> IPAddress? {
        guard text.utf8.count == 8, let bits = UInt32(text, radix: 16) else { return nil }
        return IPAddress(ipv4: UInt32(bigEndian: bits))
    }
}

extension RoutingTable.Route {
    fileprivate var rank: Int { destination.base.isIPv6 ? 1 : 0 }
}
