internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import SystemPackage

/// `sealift verify BUNDLE`.
struct VerifyCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: ArchiveVerification.abstract,
        discussion: ArchiveVerification.discussion + """


            EXAMPLES:
              sealift verify dist/hello-1.0.tar.zst
              sealift verify dist/hello-1.0.tar.zst --key release.pub --report check.html
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var bases: BaseArguments

    @OptionGroup var keys: KeyArguments

    @OptionGroup var reports: ReportArguments

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand { [path, bases, keys, format, reports] in
            try await ArchiveVerification.run(
                on: FilePath(path), of: keys.media, over: bases.files, trusting: try keys.trusted(), format: format,
                reports: reports,
                tool: "sealift")
        }
    }
}
