package import ArgumentParser
internal import CommandSupport

/// `sealift`: the connected side.
package struct SealiftCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sealift",
        abstract: "Carry a whole Kubernetes platform across an air gap.",
        discussion: """
            Finds every image that a bundle's manifests need, locks each to a digest, and packs images, manifests, \
            Kubernetes and the installer into one archive that proves itself on the other side.

            EXAMPLES:
              sealift build bundles/hello
              sealift verify dist/hello-1.0.tar.zst --key release.pub

            \(ExitStatus.section)
            """,
        version: ProgramVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Making bundles",
                subcommands: [InitCommand.self, ImagesCommand.self, LockCommand.self, BuildCommand.self]),
            CommandGroup(
                name: "Looking at bundles",
                subcommands: [InspectCommand.self, VerifyCommand.self, DiffCommand.self]),
            CommandGroup(
                name: "Keys and cache",
                subcommands: [SignCommand.self, KeygenCommand.self, CacheCommand.self]),
            CommandGroup(
                name: "Moving bundles",
                subcommands: [
                    PushCommand.self, PullCommand.self, ServeCommand.self, SplitCommand.self, JoinCommand.self,
                    ExportCommand.self,
                ]),
        ])

    package init() {}

    /// The whole program.
    package static func start() async { await runProgram(self) }
}
