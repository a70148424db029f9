internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport

/// `sealift-installer inspect BUNDLE`.
struct InspectCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: ArchiveInspection.abstract,
        discussion: ArchiveInspection.discussion + """


            EXAMPLES:
              sealift-installer inspect hello-1.0.tar.zst --parameters
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @OptionGroup var inspection: ArchiveInspection

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand { [path, keys, inspection] in
            try inspection.run(on: keys.openBundle(path))
        }
    }
}
