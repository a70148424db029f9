internal import ArgumentParser
package import SystemPackage

/// The bundles that a delta was built upon.
package struct BaseArguments: ParsableArguments {
    @Option(
        name: .customLong("base"),
        help: ArgumentHelp(
            "Of a delta: prove this earlier bundle, too, and that it has what the delta leaves out. Repeatable.",
            valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var names: [String] = []

    package init() {}

    package var files: [FilePath] { names.map { FilePath($0) } }
}
