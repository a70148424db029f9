/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
    /// The address as a number, the first byte in the highest place.
    let bits: UInt128
    package let isIPv6: Bool

    init(ipv4 bits: UInt32) {
        self.bits = UInt128(bits)
        isIPv6 = false
    }

    init(ipv6 bits: UInt128) {
        self.bits = bits
        isIPv6 = true
    }

    /// Parses `192.0.2.1` or `2001:db8::1` (RFC 4291, 2.2); `nil` where `text` is neither.
    package init?(_ text: some StringProtocol) {
        if text.contains(":") {
            guard let bits = Self.ipv6(String(text)) else { return nil }
            self.init(ipv6: bits)
        } else {
            guard let bits = Self.ipv4(String(text)) else { return nil }
            self.init(ipv4: UInt32(truncatingIfNeeded: bits))
        }
    }

    var width: Int { isIPv6 ? 128 : 32 }

    /// Whether it leads back to the host itself: 127.0.0.0/8, ::1.
    package var isLoopback: Bool { isIPv6 ? bits == 1 : bits >> 24 == 127 }

    /// Whether it is valid on one link only: 169.254.0.0/16, fe80::/10.
    var isLinkLocal: Bool { isIPv6 ? bits >> 118 == 0xFE80 >> 6 : bits >> 16 == 0xA9FE }

    /// Whether a node can be known by it.
    var isUsable: Bool { bits != 0 && !isLoopback && !isLinkLocal && !isMulticast }

    private var isMulticast: Bool { isIPv6 ? bits >> 120 == 0xFF : bits >> 28 >= 0xE }

    private static func ipv4(_ text: String) -> UInt128? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt128 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let byte = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt128(byte)
        }
        return bits
    }

    private static func ipv6(_ text: String) -> UInt128? {
        var text = text
        // An address ends as IPv4 in the last of three forms.
        if text.contains("."), let colon = text.lastIndex(of: ":") {
            guard let low = ipv4(String(text[text.index(after: colon)...])) else { return nil }
            text = text[...colon] + String(low >> 16, radix: 16) + ":" + String(low & 0xFFFF, radix: 16)
        }
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? joined(head) : nil }
        guard let tail = groups(halves[1]), head.count + tail.count < 8 else { return nil }
        return joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), !part.hasPrefix("+"), let group = UInt16(part, radix: 16) else {
                return nil
            }
            groups.append(group)
        }
        return groups
    }

    private static func joined(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        guard isIPv6 else {
            return stride(from: 24, through: 0, by: -8).map { "\(UInt8(truncatingIfNeeded: bits >> $0))" }
                .joined(separator: ".")
        }
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: bits >> $0) }
        // RFC 5952: the longest run of zeros, the first of equal ones, is left out, unless it is a single one.
        var best = 0..<0
        var start: Int?
        for (index, group) in (groups + [1]).enumerated() {
            if group == 0 {
                start = start ?? index
            } else if let first = start {
                if index - first > max(best.count, 1) { best = first..<index }
                start = nil
            }
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty
            ? text(groups[...]) : "\(text(groups[..<best.lowerBound]))::\(text(groups[best.upperBound...]))"
    }
}

/// A range of addresses: `10.244.0.0/16`.
struct AddressRange: Hashable, Sendable {
    let base: IPAddress
    let prefix: Int

    /// The range of `prefix` bits around `address`; `nil` where an address has fewer.
    init?(_ address: IPAddress, prefix: Int) {
        guard (0...address.width).contains(prefix) else { return nil }
        let free = address.width - prefix
        let bits = free == 128 ? 0 : (address.bits >> free) << free
        base = address.isIPv6 ? IPAddress(ipv6: bits) : IPAddress(ipv4: UInt32(bits))
        self.prefix = prefix
    }

    /// Parses `ADDRESS/PREFIX`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), !parts[1].hasPrefix("+"), let prefix = Int(parts[1])
        else { return nil }
        self.init(address, prefix: prefix)
    }

    func contains(_ address: IPAddress) -> Bool {
        AddressRange(address, prefix: prefix)?.base == base
    }

    func overlaps(_ other: AddressRange) -> Bool {
        base.isIPv6 == other.base.isIPv6
            && (prefix <= other.prefix ? contains(other.base) : other.contains(base))
    }
}

extension AddressRange: CustomStringConvertible {
    var description: String { "\(base)/\(prefix)" }
}
