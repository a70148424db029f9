internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import OCI
internal import Registry
internal import SystemPackage

/// How registries are reached.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Fetch a registry's images from somewhere else, and only there; may be repeated.", valueName: "host=url"))
    var mirror: [String] = []

    @Option(help: ArgumentHelp("Speak plain HTTP with a host; may be repeated.", valueName: "host"))
    var plainHttp: [String] = []

    @Option(
        help: ArgumentHelp(
            "Trust only the certificates of a PEM file for a host; may be repeated.", valueName: "host=file"))
    var ca: [String] = []

    @Option(
        help: ArgumentHelp("Credentials in Docker's config.json format.", valueName: "file"), completion: .file())
    var authFile: String?

    @Option(help: "How many blobs are fetched at a time.")
    var jobs = 6

    @Option(
        help: ArgumentHelp("How long a server may bring nothing, or next to nothing.", valueName: "seconds"))
    var timeout = 60

    @Option(help: ArgumentHelp("How often in a row a request that failed is made again.", valueName: "number"))
    var retries = 4

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout takes a number from 1 to 3600") }
        guard (0...100).contains(retries) else { throw ValidationError("--retries takes a number from 0 to 100") }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 64") }
        for text in ca where !text.contains("=") { throw ValidationError("--ca takes HOST=FILE, not '\(text)'") }
    }

    /// The files of `--ca`, by host.
    var certificateAuthorities: [String: FilePath] {
        var authorities: [String: FilePath] = [:]
        for text in ca {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            authorities[String(parts[0])] = FilePath(String(parts[1]))
        }
        return authorities
    }

    func client() throws -> RegistryClient {
        var configuration = RegistryConfiguration(userAgent: "sealift/\(SealiftVersion.current)")
        configuration.mirrors = try mirror.map { text throws(Malformed) in try RegistryMirror(parsing: text) }
        configuration.plainHTTPHosts = Set(plainHttp)
        configuration.certificateAuthorities = certificateAuthorities
        configuration.credentials = try CredentialStore.docker(
            at: authFile.map { FilePath($0) }, environment: Environment.all)
        configuration.maximumTransfers = jobs
        configuration.wait(for: .seconds(timeout))
        configuration.retry.attempts = retries + 1
        configuration.observe = { event in Message.detail("\(event)") }
        let attempts = configuration.retry.attempts
        configuration.retry.observe = { error, pause, failures in
            let milliseconds =
                pause.components.seconds * 1000 + pause.components.attoseconds / 1_000_000_000_000_000
            Message.detail("attempt \(failures) of \(attempts) failed, the next in \(milliseconds) ms: \(error)")
        }
        return RegistryClient(configuration)
    }
}
