package import ArgumentParser
internal import CommandSupport

/// `sealift-installer`: the isolated side.
package struct InstallerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sealift-installer",
        abstract: "Install Sealift bundles on an isolated host.",
        discussion: """
            This executable needs nothing but itself and opens no network connection.

            EXAMPLES:
              sealift-installer preflight hello-1.0.tar.zst
              sealift-installer install hello-1.0.tar.zst
              sealift-installer status

            \(ExitStatus.section)
            """,
        version: ProgramVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Platform",
                subcommands: [
                    PreflightCommand.self, InstallCommand.self, UpgradeCommand.self, StatusCommand.self,
                    CheckCommand.self, UninstallCommand.self, SupportBundleCommand.self,
                ]),
            CommandGroup(name: "More nodes", subcommands: [TokenCommand.self, JoinCommand.self]),
            CommandGroup(
                name: "Bundles", subcommands: [ImportCommand.self, InspectCommand.self, VerifyCommand.self]),
        ])

    package init() {}

    /// The whole program.
    package static func start() async { await runProgram(self) }
}
