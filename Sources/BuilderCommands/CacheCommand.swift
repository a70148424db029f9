internal import ArgumentParser
internal import BundleBuilder
internal import CommandSupport
internal import SystemPackage

/// Where the cache is, unless an option says otherwise.
enum CacheLocation {
    static func open(_ option: String?) async throws -> BlobCache { try await BlobCache.open(at: path(option)) }

    static func path(_ option: String?) throws -> FilePath {
        try option.map { FilePath($0) } ?? BlobCache.defaultPath(environment: Environment.all)
    }
}

/// `sealift cache`.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Look after the blobs that builds share.", subcommands: [Prune.self])

    /// `sealift cache prune`.
    struct Prune: TalkingCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Remove everything from the cache; the next build fetches what it needs again.",
            discussion: """
                EXAMPLES:
                  sealift cache prune
                """)

        @Option(help: ArgumentHelp("The cache.", valueName: "dir"), completion: .directory)
        var cache: String?

        @OptionGroup var verbosity: VerbosityArguments

        func run() async throws {
            try await runCommand(explaining: Failure.explainingBuild) { [cache] in
                let root = try CacheLocation.path(cache)
                let (blobs, bytes) = try BlobCache.prune(at: root)
                Terminal.standardOutput.write("removed \(blobs) blobs, \(Format.bytes(bytes)), from \(root)\n")
            }
        }
    }
}
