internal import ArgumentParser
internal import CommandSupport
internal import Glibc
internal import NodeImages
internal import SystemPackage

/// Which containerd is meant.
struct NodeArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "containerd's socket; without it the first that is there of k0s', k3s' and the host's own.",
            valueName: "socket"),
        completion: .file())
    var address: String?

    @Option(help: ArgumentHelp("The namespace of containerd; Kubernetes looks into k8s.io only.", valueName: "name"))
    var namespace = Self.usualNamespace

    @Option(
        help: ArgumentHelp("Where containerd unpacks layers to.", valueName: "name"),
        completion: .list(["overlayfs", "native", "btrfs", "zfs", "devmapper", "erofs"]))
    var snapshotter = NodeOptions.usualSnapshotter

    @Flag(help: "Leave layers packed; containerd unpacks them when a container first needs them.")
    var noUnpack = false

    func validate() throws {
        if address == "" { throw ValidationError("--address needs the path of a socket") }
        if snapshotter.isEmpty { throw ValidationError("--snapshotter needs a name") }
        guard Self.isIdentifier(namespace) else {
            throw ValidationError(
                "'\(namespace)' can't name a namespace: letters and digits, with '.', '_' or '-' between them")
        }
    }

    /// containerd's own rule (`pkg/identifiers/validate.go`).
    private static func isIdentifier(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: false
            }
        }
        let words = text.utf8.split(omittingEmptySubsequences: false) { ".-_".utf8.contains($0) }
        return text.utf8.count <= 76 && words.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAlphanumeric) }
    }

    /// The options, with a socket that is there.
    func options() throws -> NodeOptions {
        NodeOptions(socket: try socket(), namespace: namespace, snapshotter: snapshotter)
    }

    private static let usualNamespace = "k8s.io"
    private static let usual: [FilePath] = [
        "/run/k0s/containerd.sock", "/run/k3s/containerd/containerd.sock", "/run/containerd/containerd.sock",
    ]

    private func socket() throws -> FilePath {
        if let address {
            // containerd's own clients write it as a URL.
            return FilePath(address.hasPrefix("unix://") ? String(address.dropFirst("unix://".count)) : address)
                .fromWorkingDirectory
        }
        guard let found = Self.usual.first(where: { access($0.string, F_OK) == 0 }) else {
            throw Failure(
                "no containerd found: there is none of \(Self.usual.map(\.string).joined(separator: ", "))",
                hint: "name its socket with --address, or start it", code: .unavailable)
        }
        return found
    }

    /// What was said of where images go, as it was written; defaults can't be told from their being said.
    var given: [String] {
        (address == nil ? [] : ["--address"]) + (namespace == Self.usualNamespace ? [] : ["--namespace"])
            + (snapshotter == NodeOptions.usualSnapshotter ? [] : ["--snapshotter"])
    }
}

extension FilePath {
    /// As an absolute path: what is recorded must mean the same in another folder.
    var fromWorkingDirectory: FilePath {
        guard !isAbsolute, let folder = getcwd(nil, 0) else { return self }
        defer { free(folder) }
        return FilePath(String(cString: folder)).pushing(self)
    }
}
