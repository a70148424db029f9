internal import ArgumentParser
internal import BundleBuilder
internal import SystemPackage

/// Files that the user has at hand already.
struct LocalFileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the Kubernetes binary from here and download none; checked against the lock.", valueName: "file"),
        completion: .file())
    var kubernetesBinary: String?

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "Take an extra file of the bundle from here and download none; checked against the lock. May be repeated.",
            valueName: "name=file"))
    var file: [String] = []

    func validate() throws {
        for text in file where text.split(separator: "=", maxSplits: 1).count != 2 {
            throw ValidationError("--file takes NAME=FILE, not '\(text)'")
        }
    }

    var local: LocalFiles {
        let pairs = file.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts.first ?? "", FilePath(parts.last ?? ""))
        }
        return LocalFiles(
            kubernetesBinary: kubernetesBinary.map { FilePath($0) }, files: Dictionary(pairs) { _, last in last })
    }
}
