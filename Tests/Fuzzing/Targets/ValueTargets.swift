import BundleFormat
import HTTP

@testable import Preflight
@testable import Registry

extension FuzzTarget {
    /// Small values that users, registries and manifests write.
    static let values = FuzzTarget("values") { input in
        let text = text(input)
        try parameters(text)
        if let quantity = Quantity(text) {
            let (whole, thousandths) = (quantity.value, quantity.milliValue)
            try hold(whole.signum() * thousandths.signum() >= 0, "a quantity has one sign")
        }
        if let url = accepted({ try HTTPURL(parsing: text) }) {
            try hold(accepted { try HTTPURL(parsing: url.text) } == url, "a URL reads back as it is sent")
            // By bytes: an accent behind the slash makes it another character to Swift.
            try hold(url.path.utf8.first == UInt8(ascii: "/") && !url.host.isEmpty, "a URL names a host and a path")
        }
        if let base = accepted({ try HTTPURL(parsing: "https://registry.example/v2/") }) {
            _ = accepted { try base.resolving(text) }
        }
        let shown = HTTPURL.shown(text)
        try hold(
            !shown.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "what is shown moves no cursor")
        try hold(!shown.utf8.contains(UInt8(ascii: "?")), "no query is shown")
        if let wait = RetryAfter.parse(text, now: 0) { try hold(wait >= .zero, "nobody waits backwards") }
        if let range = ContentRange(text) { try hold(range.first ?? 0 >= 0, "a range begins at 0 or later") }
    }

    private static func parameters(_ text: String) throws {
        let name = "value"
        for kind in Parameter.Kind.allCases {
            let parameter = Parameter(name: name, kind: kind)
            guard let expansion = accepted({ try ParameterExpansion(parameters: [parameter], values: [name: text]) })
            else { continue }
            let line = accepted { try expansion.expand("a: ${{ value }}\n$${{ value }}") }
            try hold(line == "a: \(text)\n${{ value }}", "a value stands as it is in the place of its name")
            try hold(line?.utf8.filter { $0 == 0x0A }.count == 1, "no value breaks a line")
        }
        let parameter = Parameter(name: name, kind: .string)
        let expansion = accepted { try ParameterExpansion(parameters: [parameter], values: [name: "x"]) }
        let lines = text.utf8.filter { $0 == 0x0A }.count
        if let expanded = accepted({ try expansion?.expand(text) }) ?? nil {
            try hold(expanded.utf8.filter { $0 == 0x0A }.count == lines, "line numbers stay")
            try hold(
                text.utf8.contains(UInt8(ascii: "$")) || Array(expanded.utf8) == Array(text.utf8),
                "text without placeholders stays")
        }
    }

    /// What the host's kernel and administrator write, and the first and last bytes of a layer.
    static let host = FuzzTarget("host") { input in
        let text = text(input)
        for mount in MountTable(parsing: text).mounts { _ = MountTable(parsing: text).mount(holding: mount.point) }
        let sockets = SocketTable.parse(text, protocol: "TCP") + SocketTable.parse(text, protocol: "UDP")
        try hold(sockets.allSatisfy { (1...65535).contains($0.port) }, "a port is from 1 to 65535")
        for route in RoutingTable.parseIPv4(text) + RoutingTable.parseIPv6(text) {
            try readsBack(route.destination.base)
            try hold(route.destination.contains(route.destination.base), "a range holds its base")
        }
        for address in LocalAddresses.parseIPv4(text) + LocalAddresses.parseIPv6(text) { try readsBack(address) }
        if let address = IPAddress(text) { try readsBack(address) }
        if let range = AddressRange(text) {
            try hold(AddressRange(range.description) == range, "a range reads back as it is printed")
            try hold(range.overlaps(range), "a range overlaps itself")
        }
        if let seconds = Timestamp.seconds(text) { _ = Timestamp.text(seconds) }
        let size = UnpackedSize.estimate(
            size: Int64(input.count), first: Array(input.prefix(18)), last: Array(input.suffix(4)))
        try hold(size >= 0, "nothing is unpacked to less than nothing")
    }

    private static func readsBack(_ address: IPAddress) throws {
        try hold(IPAddress(address.description) == address, "an address reads back as it is printed")
        _ = [address.isLoopback, address.isLinkLocal, address.isUsable]
    }
}
