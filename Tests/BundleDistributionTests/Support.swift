import BundleBuilder
import BundleDistribution
import BundleFormat
import FoundationEssentials
import HostileBundles
import OCI
import Registry
import Signatures
import SystemPackage
import TestSupport
import Threads

/// A client that speaks plain HTTP with loopback, and knows the registries' one account where it is to.
func client(of registry: DockerRegistry, isAllowed: Bool = true) -> RegistryClient {
    var configuration = RegistryConfiguration(userAgent: "sealift/test")
    configuration.plainHTTPHosts = ["127.0.0.1"]
    configuration.usesProxyEnvironment = false
    configuration.certificateAuthorities[registry.host] = registry.authority
    if isAllowed {
        let account = Credentials.basic(user: DockerRegistry.user, password: DockerRegistry.password)
        configuration.credentials = .fixed([registry.host: account])
    }
    return RegistryClient(configuration)
}

/// A sample's archive in a folder of its own.
struct Packed: ~Copyable {
    let folder = TemporaryDirectory()
    let sample: SampleBundle
    let archive: FilePath
    let digest: Digest

    init(_ sample: SampleBundle) throws {
        self.sample = sample
        archive = folder.file("sample-1.2.3-linux-amd64.tar.zst")
        digest = try sample.write(to: archive).digest
    }

    var bundle: BundleReader { get throws { try BundleReader(opening: archive) } }

    /// Pulls into the folder `out`, through the cache `cache`.
    func pull(
        _ reference: ImageReference, by client: RegistryClient, to out: String = "out", cache: String = "cache",
        isForced: Bool = false
    ) async throws -> BundlePull.Result {
        let options = BundlePull.Options(
            output: folder.file(out), cache: try await BlobCache.open(at: folder.file(cache)), keys: .none, jobs: 3,
            workers: 2, isForced: isForced)
        return try await BundlePull(reference, client: client, options: options).run { _ in }
    }
}

/// A running sum.
final class Sum: Sendable {
    private let value = Lock<Int64>(0)
    var now: Int64 { value.withLock { $0 } }
    func add(_ bytes: Int64) { value.withLock { $0 += bytes } }
}
