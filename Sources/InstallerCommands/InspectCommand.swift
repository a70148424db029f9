internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport

/// `sealift-installer inspect BUNDLE`.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: ArchiveInspection.abstract, discussion: ArchiveInspection.discussion)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @Flag(help: "List every layer of every image.")
    var layers = false

    @Flag(help: "List the parameters that an installation takes, and the profiles.")
    var parameters = false

    func run() async throws {
        try await runCommand { [path, keys, format, layers, parameters] in
            try ArchiveInspection.run(on: keys.openBundle(path), format: format, layers: layers, parameters: parameters)
        }
    }
}
