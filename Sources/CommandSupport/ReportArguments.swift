internal import ArgumentParser
internal import BundleFormat
internal import FoundationEssentials
internal import SystemPackage

/// Where a check is written down.
package struct ReportArguments: ParsableArguments {
    @Option(
        name: .customLong("report"),
        help: ArgumentHelp(
            "Write what was checked, and the result, to this file: .json for scripts, .html to print and file. Repeatable.",
            valueName: "file"), completion: .file(extensions: ["json", "html"]))
    var files: [String] = []

    package init() {}

    package var isEmpty: Bool { files.isEmpty }

    package func validate() throws {
        for file in files where Self.form(of: file) == nil {
            throw ValidationError("--report \(file): the name must end with .json or .html, which says what to write")
        }
    }

    /// Writes `paper` to all files, each whole or not at all; completes it with the archive's digest first.
    func write(_ paper: inout CheckReport) async throws {
        guard !isEmpty else { return }
        let (digest, size) = try await CheckReport.digest(of: FilePath(paper.archive.path))
        paper.archive.digest = digest
        paper.archive.bytes = size
        for file in files {
            let text = Self.form(of: file) == .html ? paper.page : try Format.json(paper)
            try DurableFile.write(Data(text.utf8), to: FilePath(file))
        }
    }

    private enum Form {
        case json, html
    }

    private static func form(of file: String) -> Form? {
        let name = file.lowercased()
        return name.hasSuffix(".json") ? .json : name.hasSuffix(".html") ? .html : nil
    }
}
