internal import ArgumentParser
internal import BundleDistribution
internal import CommandSupport
internal import OCI
internal import Registry
internal import Signatures
internal import SystemPackage

/// `sealift pull REFERENCE`.
struct PullCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Bring a bundle back from a registry, to the file that was pushed.",
        discussion: """
            Every member is fetched by its digest into the cache that builds use, then packed; what comes out is compared \
            with the digest of the file that was pushed. An interrupted pull goes on where it stopped. The archive's path \
            is the last line on standard output.

            EXAMPLES:
              sealift pull registry.example/hello:1.0 --output /mnt/stick
            """)

    @Argument(help: ArgumentHelp("REGISTRY/REPOSITORY:TAG, or with @DIGEST.", valueName: "reference"))
    var reference: String

    @Option(help: ArgumentHelp("Where the archive goes.", valueName: "dir"), completion: .directory)
    var output = "."

    @Option(help: ArgumentHelp("Where fetched blobs are kept.", valueName: "dir"), completion: .directory)
    var cache: String?

    @OptionGroup var keys: KeyArguments

    @OptionGroup(title: "Registries") var registry: RegistryOptions

    @Flag(help: "Replace another file of the archive's name.")
    var force = false

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let reference = try ImageReference(parsing: reference)
            let options = BundlePull.Options(
                output: FilePath(output), cache: try await CacheLocation.open(cache), keys: try keys.trusted(),
                jobs: registry.jobs, workers: ProcessorCount.available, isForced: force)
            let pull = try await BundlePull(reference, client: try registry.client(), options: options)
            let meter = ProgressMeter(verb: "pulling", total: pull.bytes)
            let result = try await { () async throws in
                defer { meter.finish() }
                return try await pull.run { meter.add($0) }
            }()
            if result.isIdentical {
                Message.note(
                    (result.wasThere ? "the file is there already" : "the same file as was pushed")
                        + ": \(result.digest)")
            } else {
                Message.warning(
                    "the file is not byte for byte the one that was pushed (\(result.pushed)): another version of Sealift "
                        + "or libzstd compressed it; every member is the same, by digest")
            }
            Terminal.standardOutput.write("\(result.path)\n")
        }
    }
}
