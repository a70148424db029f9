internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport

/// `sealift verify BUNDLE`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: ArchiveVerification.abstract, discussion: ArchiveVerification.discussion)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    func run() async throws {
        try await runCommand { [path, keys, format] in
            try await ArchiveVerification.run(on: try keys.open(path), format: format)
        }
    }
}
