internal import ArgumentParser
internal import BundleInstaller
internal import CommandSupport
internal import Glibc
internal import Threads

/// `sealift-installer uninstall`.
struct UninstallCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Take away what an installation put onto this host, and nothing else.",
        discussion: """
            The platform's data stays, and so do the values that were generated for it, unless --delete-data is given. \
            Works on half an installation, too.

            EXAMPLES:
              sealift-installer uninstall --dry-run
              sealift-installer uninstall --yes
            """)

    @Flag(help: "Also delete the folders of the platform's volumes. This can't be undone.")
    var deleteData = false

    @Flag(help: "Only print what would be taken away.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Don't ask.")
    var yes = false

    @Option(help: "How to print progress: text, or json with one object a line.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [deleteData, dryRun, yes, format] in
            let platform = try InstalledPlatform()
            let uninstallation = Uninstallation(of: platform, deletesData: deleteData)
            let plan = uninstallation.plan.map { "  \($0)\n" }.joined()
            guard !dryRun else {
                Terminal.standardOutput.write(format == .json ? try Format.json(uninstallation.plan) : plan)
                return
            }
            if !yes {
                try await Self.ask("this takes away \(platform.record.bundle) \(platform.record.version):\n\(plan)")
            }
            let renderer: any InstallRenderer = format == .json ? InstallEventStream() : InstallDisplay()
            defer { renderer.finish() }
            try await Failure.resumable { try await uninstallation.run { renderer.show($0) } }
            renderer.finish()
            Message.note(
                "\(platform.record.bundle) \(platform.record.version) is removed"
                    + (platform.record.kubernetes == nil
                        ? "" : "; a reboot clears what Kubernetes left in the network"))
        }
    }

    /// Goes on only where a person types yes.
    private static func ask(_ question: String) async throws {
        guard Terminal.standardInput.isTerminal else {
            throw Failure("nobody is there to confirm", hint: "say --yes to go ahead without asking", code: .data)
        }
        Terminal.standardError.write(question + "Go ahead? Type yes: ")
        guard try await answer() == "yes" else { throw Failure("nothing was changed", code: .interrupted) }
    }

    /// What is typed; Ctrl-C ends it at once.
    private static func answer() async throws -> String? {
        let line = await onThread("answer") { cancellation -> String? in
            var watched = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: cancellation.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            while poll(&watched, 2, -1) < 0, errno == EINTR {}
            return cancellation.isCancelled ? nil : readLine()
        }
        try Task.checkCancellation()
        return line
    }
}
