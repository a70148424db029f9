internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Threads

/// A registry that can only be read: a bundle's images, straight from its archive.
package final class BundleServer: Sendable {
    /// What keeps a client from holding the server up, and many from taking all its memory.
    package struct Limits: Sendable {
        /// For a whole request, from the connection or the last answer on.
        package var request: Duration = .seconds(60)
        /// For half a megabyte of an answer.
        package var stall: Duration = .seconds(120)
        package var clients = 512
        /// Threads that read the archive.
        package var readers = 4

        package init() {}
    }

    /// Something that happened, for whoever watches.
    package struct Event: Sendable {
        package var client = ""
        package var method = ""
        package var uri = ""
        package var status = 0
        package var bytes: Int64 = 0
        /// Why an answer was cut off, where one was.
        package var failure: (any Error)?
    }

    /// Where clients connect to: `127.0.0.1:5000`.
    package let address: String
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let clients: Clients
    private let readers: BlobReaders

    /// Listens on `host` and `port`; a port of 0 takes any that is free. Throws ``ServerError``.
    package static func start(
        _ bundle: ServedBundle, host: String, port: Int, limits: Limits = Limits(),
        observe: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws -> BundleServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let readers = BlobReaders(bundle.file, count: limits.readers, clients: 2 * limits.clients)
        let clients = Clients(limit: limits.clients)
        let router = RegistryRouter(bundle)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let number = clients.add(channel) else { throw ServerError.tooManyClients }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
                    try pipeline.addHandler(
                        RegistryConnection(router, readers, reader: number, limits, observe: observe))
                }
            }
        do {
            let listener = try await bootstrap.bind(host: host, port: port).get()
            return BundleServer(group, listener, clients, readers, host: host)
        } catch {
            await onThread("stop") { readers.stop() }
            try await group.shutdownGracefully()
            throw ServerError.cantListen("\(host):\(port)", reason: Self.reason(error))
        }
    }

    private init(
        _ group: MultiThreadedEventLoopGroup, _ listener: any Channel, _ clients: Clients, _ readers: BlobReaders,
        host: String
    ) {
        self.group = group
        self.listener = listener
        self.clients = clients
        self.readers = readers
        let shown = host.contains(":") ? "[\(host)]" : host
        address = "\(shown):\(listener.localAddress?.port ?? 0)"
    }

    /// Takes no more clients, cuts those that are there, and waits until nothing of it is left.
    package func stop() async throws {
        // Closed already is closed.
        try? await listener.close().get()
        clients.close()
        await onThread("stop") { [readers] in readers.stop() }
        try await group.shutdownGracefully()
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return "\(error)"
    }
}

/// Why a bundle can't be served.
package enum ServerError: Error, Sendable {
    case cantListen(String, reason: String)
    /// One more than the limit: it is cut off.
    case tooManyClients
}

extension ServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cantListen(let address, let reason): "can't listen on \(address): \(reason)"
        case .tooManyClients: "can't take another client: there are too many"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .cantListen: "--listen takes another address and port, and port 0 any that is free"
        case .tooManyClients: nil
        }
    }
}

/// The connections that are open.
private final class Clients: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var next = 0
        var isClosed = false
    }

    private let limit: Int
    private let state = Lock(State())

    init(limit: Int) { self.limit = limit }

    /// Takes a connection and gives it a number; `nil` where there are too many.
    func add(_ channel: any Channel) -> Int? {
        let number: Int? = state.withLock { state in
            guard !state.isClosed, state.channels.count < limit else { return nil }
            state.channels[ObjectIdentifier(channel)] = channel
            state.next += 1
            return state.next
        }
        if number != nil {
            channel.closeFuture.whenComplete { [weak self] _ in
                self?.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
            }
        }
        return number
    }

    func close() {
        let open = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in open { channel.close(promise: nil) }
    }
}
