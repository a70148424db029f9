internal import ArgumentParser
internal import BundleDistribution
internal import BundleFormat
internal import CommandSupport
internal import OCI
internal import RegistryServer
internal import SystemPackage

/// `sealift serve BUNDLE`.
struct ServeCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Be a registry from which a bundle's images can be pulled, straight from its archive.",
        discussion: """
            Nothing is extracted, and nothing can be pushed. Images are found with their registry in front \
            (HOST:PORT/docker.io/library/nginx), without it where no two registries have the same path, and by mirrors' \
            requests as containerd makes them. Plain HTTP, without passwords: let only those reach it who may have the \
            images. Runs until Ctrl-C.

            EXAMPLES:
              sealift serve dist/hello-1.0.tar.zst --listen 10.0.0.5:5000
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(help: ArgumentHelp("Where to listen; port 0 takes one that is free.", valueName: "host:port"))
    var listen = "127.0.0.1:5000"

    @Flag(help: "Print a line on standard error for each request.")
    var logRequests = false

    @OptionGroup var keys: KeyArguments

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws { _ = try Self.address(listen) }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let bundle = try keys.open(path)
            let (host, port) = try Self.address(listen)
            let (served, logRequests) = (try ServedBundle(bundle), logRequests)
            let server = try await BundleServer.start(served, host: host, port: port) { event in
                Self.log(event, requests: logRequests)
            }
            bundle.announceSignature()
            if !bundle.leftOut.isEmpty {
                Message.warning("this is a delta: images whose layers its base has brought can't be pulled whole")
            }
            // Nodes can't connect to "all addresses".
            let isAny = ["0.0.0.0", "::"].contains(host)
            let reachable = isAny ? "ADDRESS:\(server.address.split(separator: ":").last ?? "")" : server.address
            let files = try HostsFile.all(for: bundle, server: "http://\(reachable)")
            Terminal.standardOutput.write("http://\(server.address)\n")
            Message.note(
                "\(bundle.description.name) \(bundle.description.version): \(bundle.description.images.count) images, "
                    + "until Ctrl-C; for containerd on a node, below its config_path"
                    + "\(isAny ? ", with this machine's address" : ""):\n\n"
                    + files.map { "--- certs.d/\($0.path)\n\($0.text)" }.joined(separator: "\n"))
            await Self.waitForInterruption()
            try await server.stop()
        }
    }

    /// Takes `HOST:PORT` apart, an IPv6 address in brackets.
    static func address(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw ValidationError("--listen takes HOST:PORT, as in 127.0.0.1:5000, not '\(text)'")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ValidationError("--listen takes an IPv6 address in brackets, as in [::1]:5000, not '\(text)'")
        }
        guard !host.isEmpty else {
            throw ValidationError("--listen takes an address too: 0.0.0.0:\(port) is all of this machine's")
        }
        return (String(host), Int(port))
    }

    private static func waitForInterruption() async {
        // Ends, with an error, when the signal cancels this task.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }

    private static func log(_ event: BundleServer.Event, requests: Bool) {
        if let failure = event.failure {
            Message.warning("cut an answer off: \(failure)")
        } else if requests {
            Terminal.standardError.write(
                "\(event.client) \(event.method) \(event.uri.printable(limit: 300)) \(event.status) \(event.bytes)\n")
        }
    }
}
