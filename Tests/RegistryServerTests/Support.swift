import BundleFormat
import FoundationEssentials
import HTTP
import HostileBundles
import OCI
import RegistryServer
import SystemPackage
import TestSupport

/// A sample's archive, served on loopback for the time of a closure.
func serving(
    _ sample: SampleBundle, limits: BundleServer.Limits = BundleServer.Limits(),
    prepare: (FilePath) throws -> Void = { _ in },
    _ body: (BundleServer, borrowing TemporaryDirectory) async throws -> Void
) async throws {
    let folder = TemporaryDirectory()
    let path = folder.file("sample.tar.zst")
    try sample.write(to: path)
    let served = try ServedBundle(BundleReader(opening: path))
    try prepare(path)
    let server = try await BundleServer.start(served, host: "127.0.0.1", port: 0, limits: limits)
    do {
        try await body(server, folder)
    } catch {
        try await server.stop()
        throw error
    }
    try await server.stop()
}

/// A plain HTTP client.
struct Client: Sendable {
    private let transport: CurlTransport
    private let origin: String

    init(_ server: BundleServer) {
        var configuration = HTTPConfiguration(userAgent: "sealift/test")
        configuration.plainHTTPHosts = ["127.0.0.1"]
        configuration.usesProxyEnvironment = false
        transport = CurlTransport(configuration)
        origin = "http://\(server.address)"
    }

    /// Sends a request; an error's body is as good as another's.
    func send(
        _ path: String, _ method: HTTPRequest.Method = .get, _ headers: HTTPHeaders = [:]
    ) async throws -> (response: HTTPResponse, body: [UInt8]) {
        let sink = CollectingSink()
        let request = HTTPRequest(
            method: method, url: try HTTPURL(parsing: origin + path), headers: headers, maximumBodySize: .max)
        let response = try await transport.send(request, sink: sink)
        return (response, response.isSuccess ? sink.bytes : response.errorBody)
    }
}

/// The body of an error: distribution-spec 1.1, "Error Codes".
struct ErrorBody: Decodable {
    struct Entry: Decodable {
        var code: String
        var message: String
    }
    var errors: [Entry]

    static func code(in body: [UInt8]) throws -> String? {
        try JSONDecoder().decode(Self.self, from: Data(body)).errors.first?.code
    }
}
