package import ArgumentParser
internal import BundleFormat
internal import CommandSupport

/// `sealift`: the connected side.
package struct SealiftCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sealift",
        abstract: "Carry a whole Kubernetes platform across an air gap.",
        discussion: """
            Finds every image that a bundle's manifests need, locks each to a digest, and packs images, manifests, \
            Kubernetes and the installer into one archive that proves itself on the other side.
            """,
        version: SealiftVersion.current,
        subcommands: [
            InitCommand.self, ImagesCommand.self, LockCommand.self, BuildCommand.self, VerifyCommand.self,
            InspectCommand.self, DiffCommand.self, SignCommand.self, KeygenCommand.self, CacheCommand.self,
            ExportCommand.self,
        ])

    package init() {}

    /// The whole program.
    package static func start() async {
        Memory.hide()
        Interruption.prepare()
        await main()
    }
}
