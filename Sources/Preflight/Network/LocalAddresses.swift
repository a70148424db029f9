/// The host's own addresses: `/proc/net/fib_trie` and `/proc/net/if_inet6`.
///
/// Told from files, because asking the kernel for its interfaces needs a socket, and this side opens none.
struct LocalAddresses {
    let addresses: [IPAddress]

    init(of host: Host) {
        addresses =
            Self.parseIPv4(host.text("/proc/net/fib_trie", limit: 32 << 20) ?? "")
            + Self.parseIPv6(host.text("/proc/net/if_inet6") ?? "")
    }

    /// The addresses with a `/32 host LOCAL` below them, in the order of the trie, each once.
    static func parseIPv4(_ text: String) -> [IPAddress] {
        var found: [IPAddress] = []
        var seen: Set<IPAddress> = []
        var current: IPAddress?
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(whereSeparator: \.isWhitespace)
            switch fields.first {
            case "|--": current = fields.count > 1 ? IPAddress(fields[1]) : nil
            case "/32":
                guard let address = current, fields.count >= 3, fields[1] == "host", fields[2] == "LOCAL" else { break }
                if seen.insert(address).inserted { found.append(address) }
            default: break
            }
        }
        return found
    }

    /// Addresses of global scope that are there to stay: not temporary, deprecated, tentative or found to be taken.
    static func parseIPv6(_ text: String) -> [IPAddress] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 6, fields[0].utf8.count == 32, let bits = UInt128(fields[0], radix: 16),
                let scope = UInt8(fields[3], radix: 16), scope == 0, let flags = UInt32(fields[4], radix: 16),
                // IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE of <linux/if_addr.h>
                flags & (0x01 | 0x08 | 0x20 | 0x40) == 0
            else { return nil }
            return IPAddress(ipv6: bits)
        }
    }
}
