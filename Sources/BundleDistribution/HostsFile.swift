package import BundleFormat
internal import FoundationEssentials
internal import OCI
package import SystemPackage

/// What containerd on a node needs to ask another server for a registry's images: `certs.d/HOST/hosts.toml`
/// (containerd, docs/hosts.md).
package struct HostsFile: Hashable, Sendable {
    /// The registry whose images are asked for elsewhere.
    package let host: String
    /// The file's content.
    package let text: String

    /// The files for every registry of a bundle, by name; `server` is where to ask, `http://HOST:PORT` or `https://…`.
    package static func all(for bundle: BundleReader, server: String) throws -> [HostsFile] {
        let hosts = Set(try bundle.description.images.map { try ImageReference(parsing: $0.reference).registry })
        return hosts.sorted().map { HostsFile(host: $0, server: server) }
    }

    init(host: String, server: String) {
        self.host = host
        var lines = [
            "# \(host): pulled from a bundle that 'sealift serve' or a registry of yours has.",
            // Without it containerd goes on to the registry itself, which an isolated host waits for in vain.
            "server = \"\(server)\"",
            "",
            "[host.\"\(server)\"]",
            "  capabilities = [\"pull\", \"resolve\"]",
        ]
        lines.append(
            server.hasPrefix("https://")
                ? "  # ca = \"/etc/containerd/certs.d/ca.crt\"   # where its certificate is of an authority of yours"
                : "  # plain HTTP: whoever is in between can see what is pulled; a pull by digest can't be changed")
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Where containerd looks for it, below its `config_path`.
    package var path: String { "\(host)/hosts.toml" }

    /// Checks the address of a server, and gives it in the form that the files have.
    package static func server(_ text: String) throws(DistributionError) -> String {
        let address = text.hasSuffix("/") ? String(text.dropLast()) : text
        let rest = ["http://", "https://"].lazy.filter { address.hasPrefix($0) }.map { address.dropFirst($0.count) }
            .first
        guard let rest, !rest.isEmpty,
            rest.utf8.allSatisfy({ (0x21..<0x7F).contains($0) && !"\"\\?#@".utf8.contains($0) })
        else {
            throw .unusableServer(text)
        }
        return address
    }

    /// Writes the files below `folder`, each whole or not at all; returns their paths.
    package static func write(_ files: [HostsFile], below folder: FilePath) throws -> [FilePath] {
        try files.map { file in
            let path = folder.appending(file.host).appending("hosts.toml")
            try FileManager.default.createDirectory(
                atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            try DurableFile.write(Array(file.text.utf8), to: path)
            return path
        }
    }
}
