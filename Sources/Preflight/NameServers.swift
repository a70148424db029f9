package import SystemPackage

/// The name servers that pods could ask, by the host's lists.
package struct NameServers: Hashable, Sendable {
    /// The list of the host itself (resolv.conf(5)).
    package static let hostFile = FilePath("/etc/resolv.conf")
    /// The servers behind systemd-resolved's local one (systemd-resolved.service(8), "/etc/resolv.conf").
    private static let resolvedFile = FilePath("/run/systemd/resolve/resolv.conf")

    /// The list that pods should get; `nil` where none names a server that they could ask.
    package let file: FilePath?
    /// The servers of that list that are not on loopback.
    package let usable: [String]
    /// Every server of the host's own list.
    package let listed: [String]

    package init(of host: Host) {
        listed = Self.servers(in: Self.hostFile, of: host)
        for file in [Self.hostFile, Self.resolvedFile] {
            let real = Self.servers(in: file, of: host).filter {
                IPAddress($0.prefix { $0 != "%" })?.isLoopback != true
            }
            guard real.isEmpty else {
                (self.file, usable) = (file, real)
                return
            }
        }
        (file, usable) = (nil, [])
    }

    private static func servers(in file: FilePath, of host: Host) -> [String] {
        host.lines(file.string).compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            return fields.count >= 2 && fields[0] == "nameserver" ? String(fields[1]) : nil
        }
    }
}
