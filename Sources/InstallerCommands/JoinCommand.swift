internal import ArgumentParser
internal import BundleFormat
internal import BundleInstaller
internal import Cluster
internal import CommandSupport
internal import SystemPackage

/// `sealift-installer join BUNDLE`.
struct JoinCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Make this host a worker of a platform that was installed elsewhere with --multi-node.",
        discussion: """
            Takes the bundle that the platform was installed from: proves it, looks at the host, brings up its k0s, \
            which joins with the token, and imports every image. Every step is journalled: running the same command \
            again goes on where this one stopped. No part of the token stays on this host once it has joined.

            EXAMPLES:
              sealift-installer join hello-1.0.tar.zst --token-file token
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(help: Self.tokenFileHelp, completion: .file())
    var tokenFile: String

    @OptionGroup var keys: KeyArguments

    @OptionGroup var host: HostArguments

    @Flag(help: "Leave layers packed; containerd unpacks them when a container first needs them.")
    var noUnpack = false

    @OptionGroup var unpack: UnpackArguments

    @Option(
        help: ArgumentHelp(
            "How long k0s may take to answer, and the cluster to take this node, each.", valueName: "seconds"))
    var startTimeout = 300

    @Flag(help: "Only print the steps, and which of them are done.")
    var dryRun = false

    @Option(help: "How to print progress and result: text, or json with one object a line.")
    var format: OutputFormat = .text

    static let tokenFileHelp = ArgumentHelp(
        "A worker's token, as 'sealift-installer token' makes it; /dev/stdin reads it from a pipe.", valueName: "file")

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        guard startTimeout > 0 else { throw ValidationError("--start-timeout is a number of seconds above 0") }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [self] in
            let token = try Self.token(in: FilePath(tokenFile))
            let bundle = try keys.openBundle(path)
            bundle.announceSignature()
            let options = InstallOptions(
                waived: try host.waived(), nodeAddress: host.nodeIP, addsDummyRoute: host.dummyRoute, token: token,
                unpacks: !noUnpack, unpacker: unpack.unpacker, workers: ProcessorCount.available,
                startTimeout: .seconds(startTimeout))
            try await Installation(.join, of: bundle, options: options).show(dryRun: dryRun, format: format)
        }
    }

    /// The token in a file; what is wrong with it is told with the file's name, never with what is in it.
    static func token(in file: FilePath) throws -> JoinToken {
        let text = try ValueFile.text(of: file)
        do throws(ClusterError) {
            return try JoinToken(text)
        } catch {
            throw Failure("can't join with \(file): \(error)", hint: error.hint, code: .data)
        }
    }
}
