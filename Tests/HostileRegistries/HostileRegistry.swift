internal import FoundationEssentials
internal import OCI
package import TestSupport
internal import Threads

/// What a registry is asked for, in the order in which a client asks.
package enum Step: String, Sendable, CaseIterable {
    case token
    /// What a tag, or the locked digest, points to.
    case root
    /// A manifest of an index.
    case child
    case config
    case layer
    /// A plain file by its URL.
    case file
}

/// A registry in this process that is honest but for the faults that it is given.
///
/// It wants a token for everything, and for that a password; both are canaries that must never be seen elsewhere.
package final class HostileRegistry: Sendable {
    /// An image that it has.
    package struct Image: Sendable {
        let repository: String
        let tag: String
        let image: TestImage

        package init(repository: String, tag: String, image: TestImage) {
            self.repository = repository
            self.tag = tag
            self.image = image
        }
    }

    package static let user = "alice"
    /// Stands in every secret.
    package static let canary = "S3CRET"
    package static let password = "\(canary)-password"
    static let token = "\(canary)-token"
    /// What ``HostileRegistry`` has under `/files/`.
    package static let file = seededBytes(3000, seed: 77)

    private let server: FaultyServer
    /// The host that redirects lead to, and that must not be told any secret.
    private let elsewhere: FaultyServer
    private let box: SharedFaults

    /// - Parameters:
    ///   - images: what it has.
    ///   - faults: what goes wrong, by what is asked for.
    ///   - isOpen: it asks nobody for a token.
    package init(_ images: [Image], faults: [Step: Fault] = [:], isOpen: Bool = false) {
        let held = Held(images: images, isOpen: isOpen)
        let box = SharedFaults(faults)
        let elsewhere = FaultyServer { request, connection in
            connection.serve(held.content(behind: request.path), to: request)
        }
        self.elsewhere = elsewhere
        let elsewhereOrigin = elsewhere.origin
        server = FaultyServer { request, connection in
            let (step, answer) = held.answer(to: request)
            guard let step, let fault = box.faults.withLock({ $0[step] }), fault.applies(to: answer) else {
                return answer.send(to: request, over: connection)
            }
            fault.play(
                Exchange(
                    request: request, connection: connection, step: step, honest: answer, elsewhere: elsewhereOrigin))
        }
        self.box = box
    }

    /// From now on nothing goes wrong.
    package func becomeHonest() { box.faults.withLock { $0 = [:] } }

    /// Its address for `--mirror`.
    package var origin: String { server.origin }
    /// Its address as image names and credentials have it.
    package var host: String { "127.0.0.1:\(server.port)" }
    /// Every request so far.
    package var requests: [FaultyServer.Request] { server.requests }

    /// The secrets that came to where redirects led, as the requests had them.
    package var leaks: [String] {
        elsewhere.requests.flatMap { request in
            let secrets = request.headers.filter { ["authorization", "cookie"].contains($0.key) }.map(\.value)
            return secrets + (request.path.contains(Self.canary) ? [request.path] : [])
        }
    }
}

/// What the server's handler and its owner share.
private final class SharedFaults: Sendable {
    let faults: Lock<[Step: Fault]>
    init(_ faults: [Step: Fault]) { self.faults = Lock(faults) }
}

/// What an honest registry would answer.
private struct Held: Sendable {
    let images: [HostileRegistry.Image]
    let isOpen: Bool

    func answer(to request: FaultyServer.Request) -> (Step?, Answer) {
        let path = request.path.prefix { $0 != "?" }
        let parts = path.split(separator: "/").map(String.init)
        if parts == ["token"] {
            guard request.headers["authorization"]?.hasPrefix("Basic ") == true else { return (nil, Answer(401)) }
            let body = #"{"token":"\#(HostileRegistry.token)","expires_in":300}"#
            return (.token, Answer(200, ["Content-Type": "application/json"], Array(body.utf8)))
        }
        if parts.first == "files" { return (.file, Answer(200, [:], HostileRegistry.file)) }
        guard parts.count > 3, let image = images.first(where: { path.contains("/\($0.repository)/") }) else {
            return (nil, Answer(404))
        }
        guard isOpen || request.headers["authorization"] == "Bearer \(HostileRegistry.token)" else {
            let host = request.headers["host"] ?? ""
            return (nil, Answer(401, ["WWW-Authenticate": #"Bearer realm="http://\#(host)/token",service="hostile""#]))
        }
        return content(parts[parts.count - 2], parts[parts.count - 1], of: image)
    }

    private func content(_ kind: String, _ asked: String, of image: HostileRegistry.Image) -> (Step?, Answer) {
        let known = [image.image.root] + image.image.manifests.map(\.descriptor)
        let name = asked == image.tag ? image.image.root.digest.description : asked
        // try?: what is no digest is not there
        guard let digest = try? Digest(parsing: name), let bytes = image.image.blobs[digest] else {
            return (nil, Answer(404))
        }
        guard kind == "manifests" else {
            let isConfig = image.image.manifests.contains { $0.value.config.digest == digest }
            return (isConfig ? .config : .layer, Answer(200, [:], Array(bytes)))
        }
        let mediaType = known.first { $0.digest == digest }?.mediaType ?? .ociManifest
        let headers = ["Content-Type": mediaType.rawValue, "Docker-Content-Digest": name]
        return (digest == image.image.root.digest ? .root : .child, Answer(200, headers, Array(bytes)))
    }

    /// What a redirect to `/DIGEST` or `/file` elsewhere leads to.
    func content(behind path: String) -> [UInt8] {
        let name = path.split(separator: "/").last.map { $0.prefix { $0 != "?" } } ?? ""
        for image in images {
            if name == image.tag { return Array(image.image.blobs[image.image.root.digest] ?? .init()) }
            for (digest, bytes) in image.image.blobs where digest.description == name { return Array(bytes) }
        }
        return HostileRegistry.file
    }
}

/// A whole answer.
package struct Answer: Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]

    init(_ status: Int, _ headers: [String: String] = [:], _ body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    func send(to request: FaultyServer.Request, over connection: FaultyServer.Connection) {
        guard status == 200 else { return connection.answer(status, headers, body: body) }
        connection.serve(body, to: request, headers)
    }
}
