package import ArgumentParser
internal import BundleFormat
internal import CommandSupport

/// `sealift-installer`: the isolated side.
package struct InstallerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sealift-installer",
        abstract: "Install Sealift bundles on an isolated host.",
        discussion: "This executable needs nothing but itself and opens no network connection.",
        version: SealiftVersion.current,
        subcommands: [
            PreflightCommand.self, InstallCommand.self, StatusCommand.self, CheckCommand.self, UpgradeCommand.self,
            UninstallCommand.self, TokenCommand.self, JoinCommand.self, ImportCommand.self, VerifyCommand.self,
            InspectCommand.self,
            SupportBundleCommand.self,
        ])

    package init() {}

    /// The whole program.
    package static func start() async {
        Memory.hide()
        Interruption.prepare()
        await main()
    }
}
