import OCI
import TestSupport

/// A registry in this very process that serves a bundle's images, and misbehaves where a test wants it.
struct ScriptedRegistry: Sendable {
    private let server: FaultyServer

    /// - Parameters:
    ///   - bundle: whose images it has.
    ///   - before: answers any request; `false` leaves the answer to this registry.
    ///   - blob: answers a request for a blob, with the blob's bytes; `false` leaves the answer to this registry.
    init(
        _ bundle: SampleBundle,
        before: @escaping @Sendable (FaultyServer.Request, FaultyServer.Connection) -> Bool = { _, _ in false },
        blob: @escaping @Sendable (Descriptor, [UInt8], FaultyServer.Request, FaultyServer.Connection) -> Bool
    ) {
        server = FaultyServer { request, connection in
            if before(request, connection) { return }
            let parts = request.path.split(separator: "/").map(String.init)
            guard parts.count > 3 else { return connection.answer(200) }
            let repository = parts[1..<(parts.count - 2)].joined(separator: "/")
            let images = bundle.images.filter { $0.repository == repository }
            let asked = parts[parts.count - 1]
            let name = images.first { $0.tag == asked }?.image.root.digest.description ?? asked
            guard
                let image = images.first(where: { $0.image.blobs.keys.contains { $0.description == name } }),
                let (digest, data) = image.image.blobs.first(where: { $0.key.description == name })
            else { return connection.answer(404) }
            let bytes = Array(data)
            if parts[parts.count - 2] == "manifests" {
                let known = image.image.manifests.map(\.descriptor) + [image.image.root]
                let mediaType = known.first { $0.digest == digest }?.mediaType ?? .ociManifest
                return connection.answer(
                    200, ["Content-Type": mediaType.rawValue, "Docker-Content-Digest": name], body: bytes)
            }
            let descriptor = Descriptor(mediaType: .ociLayerGzip, digest: digest, size: Int64(bytes.count))
            if !blob(descriptor, bytes, request, connection) { connection.serve(bytes, to: request) }
        }
    }

    /// Its address for `--mirror`.
    var mirror: String { server.origin }

    /// The requests for a blob, so far.
    func requests(for digest: Digest) -> [FaultyServer.Request] {
        server.requests.filter { $0.path.hasSuffix("/blobs/\(digest)") }
    }
}
