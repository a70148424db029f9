/// The sockets that wait for somebody: `/proc/net/tcp`, `tcp6`, `udp`, `udp6` (proc_net(5)).
struct SocketTable {
    struct Socket: Hashable {
        let port: Int
        let `protocol`: String
        let inode: UInt64
    }

    let sockets: [Socket]

    init(of host: Host) {
        sockets = [("tcp", "TCP"), ("tcp6", "TCP"), ("udp", "UDP"), ("udp6", "UDP")].flatMap { file, name in
            Self.parse(host.text("/proc/net/\(file)") ?? "", protocol: name)
        }
    }

    /// The listening TCP sockets, or all bound and unconnected UDP sockets, of one file.
    static func parse(_ text: String, protocol: String) -> [Socket] {
        // TCP_LISTEN is 10; a UDP socket without a peer stands as TCP_CLOSE, 7.
        let state = `protocol` == "TCP" ? "0A" : "07"
        return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 10, fields[3] == state,
                let port = fields[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) }),
                (1...65535).contains(port), let inode = UInt64(fields[9])
            else { return nil }
            return Socket(port: port, protocol: `protocol`, inode: inode)
        }
    }
}
