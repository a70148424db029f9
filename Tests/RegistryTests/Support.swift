import HTTP
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing
import Threads

/// Everything that a client waited for, without anybody having waited.
final class Sleeps: Sendable {
    private let durations = Lock<[Duration]>([])
    var all: [Duration] { durations.withLock { $0 } }
    func note(_ duration: Duration) { durations.withLock { $0.append(duration) } }
}

/// A running sum of what a progress closure was told.
final class Progress: Sendable {
    private let value = Lock<(sum: Int64, lowest: Int64)>((0, 0))
    var sum: Int64 { value.withLock { $0.sum } }
    func add(_ bytes: Int64) { value.withLock { $0.sum += bytes } }
}

/// A configuration whose retries take no time.
func testConfiguration(
    sleeps: Sleeps = Sleeps(), credentials: CredentialStore = .none, plainHTTP: Set<String> = ["127.0.0.1"],
    change: (inout RegistryConfiguration) -> Void = { _ in }
) -> RegistryConfiguration {
    var configuration = RegistryConfiguration(userAgent: "sealift/test")
    configuration.plainHTTPHosts = plainHTTP
    configuration.credentials = credentials
    configuration.usesProxyEnvironment = false
    configuration.retry.sleep = { duration in
        sleeps.note(duration)
        try Task.checkCancellation()
    }
    change(&configuration)
    return configuration
}

func testClient(sleeps: Sleeps = Sleeps(), credentials: CredentialStore = .none) -> RegistryClient {
    RegistryClient(testConfiguration(sleeps: sleeps, credentials: credentials))
}

/// The reference of `app/one` at a server, by tag or digest.
func reference(_ host: String, _ rest: String = "app/one:1.0") throws -> ImageReference {
    try ImageReference(parsing: "\(host)/\(rest)")
}

/// The error that `body` throws; records an issue when it throws none.
func registryError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> RegistryError? {
    await #expect(throws: RegistryError.self, sourceLocation: sourceLocation) { try await body() }
}

/// Reads a stream to its end on a plain thread, in pieces of `step` bytes.
func readAll(_ stream: BlobStream, step: Int = 10_000) async -> Result<[UInt8], RegistryError> {
    await withCheckedContinuation { continuation in
        spawnReader(stream, step: step) { continuation.resume(returning: $0) }
    }
}
