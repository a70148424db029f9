package import SystemPackage

/// A web server on loopback that gives the files of a folder.
package enum FolderServer {
    /// Serves `folder` while `body` runs, which is given the host: `127.0.0.1:PORT`.
    package static func with<Value: Sendable>(
        _ folder: FilePath, body: (String) async throws -> Value
    ) async throws -> Value {
        let own = TemporaryDirectory()
        let port = Loopback.freePort()
        let command = [
            "/usr/bin/python3", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", folder.string,
        ]
        return try await Service.run([command], ports: [port], log: own.file("log").string) {
            try await body("127.0.0.1:\(port)")
        }
    }
}
