internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import SystemPackage

/// `sealift verify BUNDLE`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: ArchiveVerification.abstract, discussion: ArchiveVerification.discussion)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var bases: BaseArguments

    @OptionGroup var keys: KeyArguments

    @OptionGroup var reports: ReportArguments

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    func run() async throws {
        try await runCommand { [path, bases, keys, format, reports] in
            try await ArchiveVerification.run(
                on: FilePath(path), over: bases.files, trusting: try keys.trusted(), format: format, reports: reports,
                tool: "sealift")
        }
    }
}
