internal import ArgumentParser
internal import BundleFormat
internal import BundleInstaller
internal import CommandSupport
internal import Glibc
internal import SystemPackage

/// What `install` and `upgrade` have in common.
struct InstallArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @OptionGroup var host: HostArguments

    @OptionGroup var values: ValueArguments

    @OptionGroup var node: NodeArguments

    @OptionGroup var unpack: UnpackArguments

    @Option(
        help: ArgumentHelp("For a bundle without Kubernetes: the kubectl to use.", valueName: "file"),
        completion: .file())
    var kubectl: String?

    @Option(
        help: ArgumentHelp("For a bundle without Kubernetes: how to reach the cluster.", valueName: "file"),
        completion: .file())
    var kubeconfig: String?

    @Option(
        help: ArgumentHelp("How long k0s may take to answer, and the node to be ready, each.", valueName: "seconds"))
    var startTimeout = 300

    @Flag(help: "Only print the steps, and which of them are done.")
    var dryRun = false

    @Option(help: "How to print progress and result: text, or json with one object a line.")
    var format: OutputFormat = .text

    func validate() throws {
        guard startTimeout > 0 else { throw ValidationError("--start-timeout is a number of seconds above 0") }
    }

    /// The file to reach the cluster with: as given, or as kubectl would find it now but not from the next shell.
    static func kubeconfig(_ given: String?, _ variable: String?) -> FilePath? {
        // A list can't be given as one file; kubectl goes on reading it from its environment.
        guard let path = given ?? variable, !path.isEmpty, given != nil || !path.contains(":") else { return nil }
        return FilePath(path).fromWorkingDirectory
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Does the command, or prints what it would do.
    func run(
        _ kind: Installation.Kind, isMultiNode: Bool = false, allowsDowngrade: Bool = false
    ) async throws {
        let bundle = try keys.openBundle(path)
        bundle.announceSignature()
        var options = InstallOptions(
            overrides: try values.overrides, profile: values.profile, waived: try host.waived(),
            nodeAddress: host.nodeIP, addsDummyRoute: host.dummyRoute, isMultiNode: isMultiNode,
            allowsDowngrade: allowsDowngrade, unpacks: !node.noUnpack, unpacker: unpack.unpacker,
            workers: ProcessorCount.available, startTimeout: .seconds(startTimeout))
        if bundle.description.kubernetes == nil {
            // Without a word, a later run goes to where the first one went.
            if try !node.given.isEmpty || !InstalledPlatform.isThere() { options.node = try node.options() }
            options.kubectl = kubectl.map { FilePath($0).fromWorkingDirectory }
            options.kubeconfig = Self.kubeconfig(kubeconfig, Self.variable("KUBECONFIG"))
        } else {
            let foreign =
                node.given + (kubectl == nil ? [] : ["--kubectl"]) + (kubeconfig == nil ? [] : ["--kubeconfig"])
            guard foreign.isEmpty else {
                throw Failure(
                    "\(foreign.joined(separator: ", ")): this bundle brings its own Kubernetes",
                    hint: "leave it out; these are for bundles that go onto a Kubernetes that is there", code: .data)
            }
        }
        try await Installation(kind, of: bundle, options: options).show(dryRun: dryRun, format: format)
    }
}

extension Installation {
    /// Installs and tells how it goes, or prints what would be done.
    func show(dryRun: Bool, format: OutputFormat) async throws {
        let output = Terminal.standardOutput
        guard !dryRun else {
            let plan = try await plan()
            output.write(
                format == .json
                    ? try Format.json(plan)
                    : Format.table(plan.map { [$0.isDone ? "done" : "todo", $0.step, $0.title] }))
            return
        }
        let renderer: any InstallRenderer = format == .json ? InstallEventStream() : InstallDisplay()
        defer { renderer.finish() }
        let summary = try await Failure.resumable { try await run { renderer.show($0) } }
        renderer.finish()
        output.write(format == .json ? try Format.jsonLine(CompletedLine(summary: summary)) : summary.text)
    }
}

/// `sealift-installer install BUNDLE`.
struct InstallCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install a bundle: everything, on this host, with one command.",
        discussion: """
            Proves the archive and looks at the host before anything is changed; then brings up Kubernetes, imports \
            every image, applies the platform stage by stage and waits until each is ready. Every step is journalled: \
            running the same command again goes on where this one stopped, however it stopped.

            EXAMPLES:
              sealift-installer install hello-1.0.tar.zst --dry-run
              sealift-installer install hello-1.0.tar.zst --key release.pub
              sealift-installer install hello-1.0.tar.zst --set-file password=/dev/stdin
            """)

    @OptionGroup var arguments: InstallArguments

    @Flag(help: "Leave the door open for worker nodes. Can't be changed later.")
    var multiNode = false

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [self] in
            try await arguments.run(.install, isMultiNode: multiNode)
        }
    }
}

/// `sealift-installer upgrade BUNDLE`.
struct UpgradeCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Put a newer bundle in the place of the one that is installed.",
        discussion: """
            Imports the new images beside the old ones while the platform runs, backs Kubernetes up, and applies the \
            new platform. Data, generated values and what was chosen with --set stay. An older version is refused \
            unless --allow-downgrade is given, and an older Kubernetes always.

            EXAMPLES:
              sealift-installer upgrade hello-1.1.tar.zst --dry-run
              sealift-installer upgrade hello-1.1.tar.zst
            """)

    @OptionGroup var arguments: InstallArguments

    @Flag(help: "Take a bundle that is older than the one that is installed, too.")
    var allowDowngrade = false

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [self] in
            try await arguments.run(.upgrade, allowsDowngrade: allowDowngrade)
        }
    }
}

/// The last line of the event stream: the summary, as one more event.
struct CompletedLine: Encodable {
    var summary: InstallSummary

    private enum CodingKeys: String, CodingKey {
        case event
    }

    func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("completed", forKey: .event)
    }
}

extension InstallSummary {
    /// The summary as `install` prints it.
    var text: String {
        if let joined {
            return "this host is a worker of \(joined): \(images) images of \(bundle) \(version) are here\n"
        }
        var lines = ["\(bundle) \(version) is installed: \(images) images, stages \(stages.joined(separator: ", "))"]
        lines += addresses.map { "  \($0)" }
        if !secrets.isEmpty { lines.append("generated for you: \(secrets.joined(separator: ", ")), in \(secretsFile)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
