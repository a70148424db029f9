internal import ArgumentParser
internal import BundleBuilder
internal import CommandSupport
internal import SystemPackage

/// Where the cache is, unless an option says otherwise.
enum CacheLocation {
    static func open(_ option: String?) throws -> BlobCache {
        try BlobCache(at: option.map { FilePath($0) } ?? BlobCache.defaultPath(environment: Environment.all))
    }
}

/// `sealift cache`.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Look after the blobs that builds share.", subcommands: [Prune.self])

    /// `sealift cache prune`.
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Remove everything from the cache; the next build fetches what it needs again.")

        @Option(help: ArgumentHelp("The cache.", valueName: "dir"), completion: .directory)
        var cache: String?

        func run() async throws {
            try await runCommand(explaining: Failure.explainingBuild) { [cache] in
                let cache = try CacheLocation.open(cache)
                let (blobs, bytes) = try cache.prune()
                Terminal.standardOutput.write("removed \(blobs) blobs, \(Format.bytes(bytes)), from \(cache.root)\n")
            }
        }
    }
}
