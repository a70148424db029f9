internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import Charts
internal import CommandSupport
internal import Definition
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

    @Option(
        help: ArgumentHelp("The helm that renders charts; without it, the first in PATH.", valueName: "file"),
        completion: .file())
    var helm: String?

    @Option(
        help: ArgumentHelp(
            "The kubectl that renders kustomizations; without it, the first kubectl or kustomize in PATH.",
            valueName: "file"), completion: .file())
    var kubectl: String?

    func validate() throws {
        for text in set where !text.contains("=") {
            throw ValidationError("--set takes NAME=VALUE, not '\(text)'")
        }
    }

    /// Reads the bundle, makes manifests of its charts and finds its images.
    ///
    /// - Parameters:
    ///   - lock: what pins charts; `nil` for none.
    ///   - cache: where charts of repositories are kept; `nil` for nowhere.
    ///   - registry: how repositories are reached.
    /// - Returns: the bundle as it was found.
    /// - Throws: what ``BundleInputs`` throws.
    func read(
        lock: ChartLock?, cache: CacheChoice?, registry: RegistryOptions? = nil
    ) async throws -> BundleInputs {
        let pairs = set.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
        var tools = RenderingTools(
            helm: helm.map { FilePath($0) }, kubectl: kubectl.map { FilePath($0) }, environment: Environment.all)
        if let registry {
            tools.plainHTTPHosts = Set(registry.plainHttp)
            tools.certificateAuthorities = registry.certificateAuthorities
        }
        let overrides = Dictionary(pairs) { _, last in last }
        let platforms = try platform.map { try Platform(parsing: $0) }
        let archives: ChartArchives =
            if let cache { .cached { try await cache.open() } } else { .none }
        let chosen = tools
        return try await BundleInputs(
            readingBundleAt: FilePath(bundle), profile: profile, overrides: overrides, platforms: platforms,
            rendering: { (definition: BundleDefinition) throws -> ChartRendering in
                let locked = try lock?.read(for: definition) ?? ImagesLock()
                return ChartRendering(tools: chosen, archives: archives, locked: locked)
            })
    }

}

/// The lock that pins a bundle's charts.
struct ChartLock {
    /// `nil`: where the lock of a bundle is.
    var path: String?

    func read(for definition: BundleDefinition) throws -> ImagesLock {
        try LockCommand.read(
            path.map { FilePath($0) } ?? ImagesLock.defaultPath(forBundleAt: definition.folder))
    }
}

/// A cache that is opened when it is needed.
struct CacheChoice: Sendable {
    /// `nil`: where the user's cache is.
    var path: String?

    func open() async throws -> BlobCache { try await CacheLocation.open(path) }
}
