internal import ArgumentParser
internal import BundleFormat
internal import BundlePage
internal import CommandSupport
internal import SystemPackage

/// `sealift inspect BUNDLE`.
struct InspectCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: ArchiveInspection.abstract,
        discussion: ArchiveInspection.discussion + """


            EXAMPLES:
              sealift inspect dist/hello-1.0.tar.zst --layers
              sealift inspect dist/hello-1.0.tar.zst --sbom > hello.cdx.json
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @OptionGroup var inspection: ArchiveInspection

    @OptionGroup var verbosity: VerbosityArguments

    @Option(
        name: .customLong("html"),
        help: ArgumentHelp(
            "Draw the bundle: write one page that needs nothing else to this file, .html; '-' for stdout.",
            valueName: "file"), completion: .file(extensions: ["html"]))
    var page: String?

    func validate() throws {
        guard let page else { return }
        // Whoever mixes up the two arguments keeps the bundle.
        guard page == "-" || page.lowercased().hasSuffix(".html") else {
            throw ValidationError("--html \(page): the name must end with .html")
        }
        guard inspection.isPlain else {
            throw ValidationError("--html writes a page that has everything: leave out the rest")
        }
    }

    func run() async throws {
        try await runCommand { [path, keys, inspection, page] in
            let bundle = try keys.open(path)
            guard let page else { return try inspection.run(on: bundle) }
            let html = try BundlePage(of: bundle).html
            if page == "-" { return try Terminal.standardOutput.write(document: html.utf8) }
            try DurableFile.write(html.utf8, to: FilePath(page))
            Terminal.standardOutput.write("\(page)\n")
        }
    }
}
