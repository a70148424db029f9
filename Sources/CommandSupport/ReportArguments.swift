internal import ArgumentParser
internal import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import SystemPackage
internal import Threads

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
    func write(_ paper: inout CheckReport, _ media: BundleMedia) async throws {
        guard !isEmpty else { return }
        // Whoever was to be asked for a part has been.
        let archive = try BundleMedia(media.folders).open(FilePath(paper.archive.path))
        paper.archive.digest = try await onThread("digest") {
            try archive.digest { _ in if Interruption.happened { throw CancellationError() } }
        }
        paper.archive.bytes = archive.size
        paper.archive.parts = archive.isParted ? archive.parts.map(\.path.string) : nil
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
