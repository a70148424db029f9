internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import Discovery
internal import FoundationEssentials
internal import Linux
internal import OCI
internal import Signatures
internal import SystemPackage

/// `sealift build BUNDLE`.
struct BuildCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Pack a bundle: images, manifests, Kubernetes and the installer, in one archive.",
        discussion: """
            Fetches exactly what images.lock pins; without a lock, one is made first. The same lock gives the same \
            archive, byte for byte. An interrupted build goes on where it stopped. The archive's path is the last line \
            on standard output.

            EXAMPLES:
              sealift build bundles/hello
              sealift build bundles/hello --dry-run
              sealift build bundles/hello --sign release.key --output /media/usb
              sealift build bundles/hello --mirror docker.io=https://mirror.example
            """)

    @OptionGroup var bundle: BundleOptions

    @OptionGroup(title: "Registries") var registry: RegistryOptions

    @Option(help: ArgumentHelp("Where the archive and the installer go.", valueName: "dir"), completion: .directory)
    var output = "dist"

    @Option(help: ArgumentHelp("The lock.", valueName: "file"), completion: .file())
    var lock: String?

    @Option(help: ArgumentHelp("Where fetched blobs are kept.", valueName: "dir"), completion: .directory)
    var cache: String?

    @Flag(help: "Stream from the registries straight into the archive; nothing is kept for the next build.")
    var noCache = false

    @Option(
        help: """
            What images' layers become: keep, byte for byte what the registries have, or zstd, encoded anew. Image IDs \
            stay, images' digests do not; takes a cache, and room in it for the new layers.
            """)
    var layers: BundleBuild.LayerForm = .keep

    @Option(
        help: ArgumentHelp(
            """
            Make a delta: leave out the layers and the Kubernetes that an earlier bundle brought. FILE is that bundle, \
            its index.json, or what 'sealift-installer status --export' wrote.
            """, valueName: "file"), completion: .file())
    var since: String?

    @OptionGroup(title: "Files at hand") var files: LocalFileOptions

    @Option(
        help: ArgumentHelp(
            "The installer to pack, for this machine's platform or the one before '='; may be repeated.",
            valueName: "[os/arch=]file"), completion: .file())
    var installer: [String] = []

    @Option(
        name: .customLong("sign"),
        help: ArgumentHelp("Sign the bundle with this private key (PEM).", valueName: "file"),
        completion: .file(extensions: ["key", "pem"]))
    var signingKey: String?

    @OptionGroup var protection: PassphraseArguments

    @Option(
        help: ArgumentHelp(
            "Write the archive in parts of this size, for smaller media: 4G, 4.7G and 650M are decimal, 4300MiB binary.",
            valueName: "size"), transform: PartSize.init(parsing:))
    var splitSize: PartSize?

    @Flag(name: .customLong("no-sbom"), help: "Leave out the bill of materials: what is in the layers is not read.")
    var leavesOutBill = false

    @Flag(help: "Replace an archive that is there.")
    var force = false

    @Flag(help: "Show what would be fetched and packed; do nothing.")
    var dryRun = false

    @Option(help: "How to report: text, or json for one event a line.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        if protection.passphraseFile != nil, signingKey == nil {
            throw ValidationError("--passphrase-file opens the key to sign with: add --sign")
        }
        if noCache, layers == .zstd {
            throw ValidationError(
                "--layers zstd keeps the new layers in the cache: leave out --no-cache, or choose a place with --cache")
        }
        if noCache, cache != nil { throw ValidationError("--cache and --no-cache exclude each other") }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) {
            // Threads that read layers take and free buffers of megabytes: 205 MB at the peak, 117 with this.
            Kernel.returnLargeMemory()
            let display: any BuildRenderer = format == .json ? BuildEventStream() : BuildDisplay(isSilent: dryRun)
            defer { display.finish() }
            let signer = try signingKey.map { path in
                try protection.privateKey(at: path) { display.show(.warning($0)) }
            }
            if let warning = splitSize?.warning { display.show(.warning(warning)) }
            let base = try since.map { try Self.base(at: FilePath($0)) }
            let inputs = try await bundle.read(
                lock: ChartLock(path: lock), cache: noCache ? nil : CacheChoice(path: cache), registry: registry)
            try inputs.requireSound()
            for warning in inputs.discovery.warnings { display.show(.warning("\(warning)")) }
            let client = try registry.client()
            let store = noCache ? nil : try await CacheLocation.open(cache)
            let lockPath = lock.map { FilePath($0) } ?? ImagesLock.defaultPath(forBundleAt: inputs.definition.folder)
            var locked = try LockCommand.read(lockPath)
            if !FileManager.default.fileExists(atPath: lockPath.string), !dryRun {
                display.show(.warning("there is no lock; writing \(lockPath) first"))
                let resolver = LockResolver(
                    inputs: inputs, client: client, cache: try await lockCache(store),
                    local: files.local, jobs: registry.jobs, observe: display.show)
                locked = try await resolver.resolve(into: locked)
                try LockFile.put(locked, of: inputs.definition.name, at: lockPath)
            }
            let options = BundleBuild.Options(
                output: FilePath(output), lock: lockPath, cache: store, jobs: registry.jobs,
                workers: ProcessorCount.available, isForced: force || dryRun,
                local: files.local, installers: try installers(), hasBill: !leavesOutBill, signer: signer,
                layers: layers, base: base, partSize: splitSize?.bytes)
            let build = try await BundleBuild(
                inputs, lock: locked, options: options, client: client, observe: display.show)
            if dryRun {
                Terminal.standardOutput.write(
                    format == .json
                        ? try Format.json(PlanListing(build.plan, of: inputs.discovery))
                        : PlanListing(build.plan, of: inputs.discovery).text)
                return
            }
            let (path, entries) = try await build.run()
            display.finish()
            if layers == .zstd { note(entries, in: lockPath, display) }
            if let signer, format == .text {
                Message.note("signed with \(signer.publicKey.fingerprint)")
            }
            if format == .text { Terminal.standardOutput.write("\(path)\n") }
        }
    }

    private static func base(at path: FilePath) throws -> DeltaBase {
        try DeltaBase(readingListAt: path) ?? DeltaBase(of: BundleReader(opening: path))
    }

    /// Notes in the lock what became of its images. The bundle has a copy that says so; that the lock can't be written is
    /// no reason to fail.
    private func note(_ entries: [ImagesLock.Entry], in lock: FilePath, _ display: any BuildRenderer) {
        do { try LockFile.note(encodingsOf: entries, at: lock) } catch {
            display.show(.warning("\(lock) does not say what became of the layers: \(error)"))
        }
    }

    /// Even a build without a cache of blobs must put down somewhere what a lock pins by its content.
    private func lockCache(_ store: BlobCache?) async throws -> BlobCache {
        if let store { return store }
        return try await CacheLocation.open(cache)
    }

    private func installers() throws -> [Platform: FilePath] {
        var installers = [
            Platform.current: FilePath(Environment.executableFolder).appending("sealift-installer")
        ]
        for text in installer {
            if let equals = text.firstIndex(of: "=") {
                installers[try Platform(parsing: text[..<equals])] = FilePath(
                    String(text[text.index(after: equals)...]))
            } else {
                installers[.current] = FilePath(text)
            }
        }
        return installers
    }
}

extension BundleBuild.LayerForm: ExpressibleByArgument {}
