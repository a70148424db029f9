internal import ArgumentParser
internal import BundleFormat
internal import BundleInstaller
internal import CommandSupport
internal import Preflight
internal import SystemPackage

/// `sealift-installer preflight BUNDLE`: will it work here? Nothing is changed.
struct PreflightCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "preflight",
        abstract: "Look whether this host is fit for a bundle; nothing is changed.",
        discussion: """
            Every check says what it measured, what is needed, and what to do about it. Ends with 0 where nothing but \
            waived checks failed, with 65 otherwise.

            EXAMPLES:
              sealift-installer preflight hello-1.0.tar.zst
              sealift-installer preflight hello-1.0.tar.zst --profile busy --format json
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @OptionGroup var host: HostArguments

    @OptionGroup var values: ValueArguments

    @Flag(help: "The host will be the first of several, as with install --multi-node.")
    var multiNode = false

    @Option(help: JoinCommand.tokenFileHelp, completion: .file())
    var tokenFile: String?

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        if multiNode, tokenFile != nil {
            throw ValidationError("--multi-node is for a controller, --token-file for a worker: a host is one of them")
        }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [self] in
            let bundle = try keys.openBundle(path)
            bundle.announceSignature()
            let options = InstallOptions(
                overrides: try values.overrides, profile: values.profile, waived: try host.waived(),
                nodeAddress: host.nodeIP, addsDummyRoute: host.dummyRoute, isMultiNode: multiNode,
                token: try tokenFile.map { try JoinCommand.token(in: FilePath($0)) }, workers: ProcessorCount.available)
            let report = try await HostPreflight(bundle, options).run()
            Terminal.standardOutput.write(format == .json ? try Format.json(report) : report.text)
            if !report.isPassing { throw InstallError.preflight(failed: report.failures.map(\.name.rawValue)) }
        }
    }
}

/// What the operator says about the host.
struct HostArguments: ParsableArguments {
    @Option(
        name: .customLong("node-ip"),
        help: ArgumentHelp("The address by which the node is known; chosen when not given.", valueName: "address"))
    var nodeIP: String?

    @Flag(help: "Make an interface with a default route that leads nowhere, for a host without any address.")
    var dummyRoute = false

    @Option(
        name: .customLong("waive"),
        help: ArgumentHelp("A preflight check that may fail; recorded in the journal. Repeatable.", valueName: "check"),
        completion: .list(CheckName.allCases.map(\.rawValue)))
    var waive: [String] = []

    func validate() throws {
        if let nodeIP, case .malformed = NodeAddress.select(on: .current, requested: nodeIP) {
            throw ValidationError("--node-ip '\(nodeIP)' is no IP address")
        }
    }

    func waived() throws -> Set<CheckName> { try CheckName.named(waive) }
}

/// What the operator chooses for the bundle's parameters.
struct ValueArguments: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A parameter's value. Repeatable; kept for later runs.", valueName: "name=value"),
        completion: .custom { words, _, prefix in
            ValueCompletion.ofArchive(in: words)?.assignments(for: prefix) ?? []
        })
    var assignments: [String] = []

    @Option(
        name: .customLong("set-file"),
        help: ArgumentHelp(
            "A parameter's value from a file or a pipe, without its last line break: for secrets, since every user of "
                + "this host can see what --set was given. Repeatable; kept for later runs.", valueName: "name=file"),
        completion: .file())
    var files: [String] = []

    @Option(
        help: ArgumentHelp("Sets of values that the bundle has names for; kept for later runs.", valueName: "name,…"),
        completion: .custom { words, _, prefix in
            ValueCompletion.ofArchive(in: words)?.profileNames(for: prefix) ?? []
        })
    var profile: String?

    /// The values by name; throws where an assignment is none, or two are for one name.
    var overrides: [String: String] {
        get throws {
            var values: [String: String] = [:]
            func set(_ option: String, _ assignment: String, _ value: (String) throws -> String) throws {
                let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw Failure("'\(option) \(assignment)' is not NAME=VALUE", code: .data)
                }
                guard values.updateValue(try value(String(parts[1])), forKey: String(parts[0])) == nil else {
                    throw Failure("'\(parts[0])' is set twice", code: .data)
                }
            }
            for assignment in assignments { try set("--set", assignment) { $0 } }
            for assignment in files { try set("--set-file", assignment) { try ValueFile.text(of: FilePath($0)) } }
            return values
        }
    }
}
