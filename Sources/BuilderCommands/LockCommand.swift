internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// `sealift lock BUNDLE`.
struct LockCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Ask the registries what every tag is, and write it down in images.lock.",
        discussion: """
            Without --lock the lock is images.lock in the bundle's folder, or in the nearest folder above that has \
            one: a lock can serve several bundles, and what other bundles asked for stays as it is.

            EXAMPLES:
              sealift lock bundles/hello
              sealift lock bundles/hello --diff
              sealift lock bundles/hello --check
            """)

    @OptionGroup var bundle: BundleOptions

    @OptionGroup(title: "Registries") var registry: RegistryOptions

    @Option(help: ArgumentHelp("The lock.", valueName: "file"), completion: .file())
    var lock: String?

    @Option(help: ArgumentHelp("Where fetched files are kept.", valueName: "dir"), completion: .directory)
    var cache: String?

    @OptionGroup(title: "Files at hand") var files: LocalFileOptions

    @Flag(help: "Write nothing; end with 65 when the lock is not what the registries say now.")
    var check = false

    @Flag(help: "Write nothing; show what would change.")
    var diff = false

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        if check, diff { throw ValidationError("--check and --diff exclude each other") }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) {
            let inputs = try await bundle.read(lock: nil, cache: CacheChoice(path: cache), registry: registry)
            try inputs.requireSound()
            let path = lock.map { FilePath($0) } ?? ImagesLock.defaultPath(forBundleAt: inputs.definition.folder)
            let old = try Self.read(path)
            let display = BuildDisplay(isSilent: false)
            let resolver = LockResolver(
                inputs: inputs, client: try registry.client(), cache: try await CacheLocation.open(cache),
                local: files.local, jobs: registry.jobs, observe: display.show)
            let new = try await resolver.resolve(into: old)
            display.finish()
            let difference = new.difference(from: old)
            Terminal.standardOutput.write(difference.isEmpty ? "" : "\(difference)\n")
            if check {
                guard difference.isEmpty else {
                    throw Failure("\(path) is not what the registries say now", hint: "run sealift lock", code: .data)
                }
            } else if !diff, !difference.isEmpty {
                try LockFile.put(new, of: inputs.definition.name, at: path)
            }
            let count = new.entries(for: inputs.definition.name).count
            let state = difference.isEmpty ? "is up to date" : diff ? "would change" : "written"
            Message.note("\(path) \(state): \(count) images of \(inputs.definition.name)")
        }
    }

    /// The lock at `path`; an empty one where there is none.
    static func read(_ path: FilePath) throws -> ImagesLock {
        guard FileManager.default.fileExists(atPath: path.string) else { return ImagesLock() }
        return try ImagesLock(at: path)
    }
}
