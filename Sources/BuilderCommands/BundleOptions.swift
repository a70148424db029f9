internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import OCI
internal import SystemPackage

/// Which bundle, and with which values.
struct BundleOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The bundle's folder, or its bundle.yaml.", valueName: "bundle"), completion: .directory)
    var bundle: String

    @Option(
        help: ArgumentHelp("Give a parameter a value; may be repeated.", valueName: "name=value"),
        completion: .custom { words, _, prefix in
            ValueCompletion.ofDefinition(in: words)?.assignments(for: prefix) ?? []
        })
    var set: [String] = []

    @Option(
        help: ArgumentHelp("Take the values of a profile, or of several.", valueName: "name,…"),
        completion: .custom { words, _, prefix in
            ValueCompletion.ofDefinition(in: words)?.profileNames(for: prefix) ?? []
        })
    var profile: String?

    @Option(
        help: ArgumentHelp("Only for this platform; may be repeated.", valueName: "os/arch"),
        completion: .list(["linux/amd64", "linux/arm64"]))
    var platform: [String] = []

    func validate() throws {
        for text in set where !text.contains("=") {
            throw ValidationError("--set takes NAME=VALUE, not '\(text)'")
        }
    }

    /// Reads the bundle and finds its images.
    func read() throws -> BundleInputs {
        let pairs = set.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
        return try BundleInputs(
            readingBundleAt: FilePath(bundle), profile: profile,
            overrides: Dictionary(pairs) { _, last in last }, platforms: platform.map { try Platform(parsing: $0) })
    }
}
