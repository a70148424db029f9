internal import ArgumentParser
internal import BundleInstaller
internal import CommandSupport
internal import SystemPackage

/// `sealift-installer support-bundle`.
struct SupportBundleCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "support-bundle",
        abstract: "Gather what somebody far away needs to help: one tar.zst, secrets removed.",
        discussion: """
            Holds the journal, versions, preflight, states and events of the cluster, and logs of what is not well. \
            Generated values and anything that looks like a secret are taken out; look through it before it leaves.

            EXAMPLES:
              sealift-installer support-bundle --output /media/usb/support.tar.zst
            """)

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where to write it.", valueName: "file"), completion: .file())
    var output = "sealift-support.tar.zst"

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [output] in
            try await SupportBundle().write(to: FilePath(output)) { part in
                Message.note("gathering \(part)")
            }
            Terminal.standardOutput.write(output + "\n")
        }
    }
}
