internal import HTTP
package import OCI
internal import Threads

/// A blob that is read while it is fetched, by one plain thread; ``RegistryClient/stream(_:of:)`` makes it.
///
/// The transfer starts at once and runs ahead of the reader by a bounded amount. Bytes come before their digest can be
/// known: whoever uses them must throw them away when a later ``read(into:)`` throws.
package final class BlobStream: Sendable {
    private let channel: BlobChannel
    private let task: Task<Void, Never>

    init(channel: BlobChannel, task: Task<Void, Never>) {
        self.channel = channel
        self.task = task
    }

    deinit {
        task.cancel()
    }

    /// Blocks until there are bytes and moves some of them into `buffer`; never call it in a Swift task.
    ///
    /// - Parameter buffer: where they go; not empty.
    /// - Returns: how many there were; 0 at the end, after the digest was proven.
    /// - Throws: ``RegistryError`` as soon as the transfer has failed, even while bytes are left.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(RegistryError) -> Int {
        try channel.read(into: buffer)
    }

    /// Ends the transfer; reads throw ``RegistryError/cancelled`` from now on.
    package func cancel() {
        channel.finish(.failure(.cancelled))
        task.cancel()
    }
}

/// What lies between the transport's thread and the reader's.
final class BlobChannel: BodyOutput {
    private final class State {
        var buffer: RingBuffer
        /// The transport was told to pause and must be woken.
        var isPaused = false
        var end: Result<Void, RegistryError>?

        init(capacity: Int) {
            buffer = RingBuffer(capacity: capacity)
        }
    }

    let gate = BodyGate()
    private let monitor: Monitor<State>

    /// What libcurl hands over at a time at most; twice that must fit, or a paused transfer might never go on.
    private static let minimumCapacity = 1 << 20

    init(capacity: Int) {
        monitor = Monitor(State(capacity: max(capacity, Self.minimumCapacity)))
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(RegistryError) -> BodyFlow {
        monitor.update { state in
            guard state.end == nil else { return .stop }
            guard bytes.count <= state.buffer.room else {
                state.isPaused = true
                return .pause
            }
            state.buffer.append(bytes)
            return .proceed
        }
    }

    func rewind() throws(RegistryError) -> Bool { false }

    /// The first end counts.
    func finish(_ result: Result<Void, RegistryError>) {
        monitor.update { $0.end = $0.end ?? result }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(RegistryError) -> Int {
        let (result, mustWake) = monitor.wait {
            $0.end != nil || $0.buffer.count > 0
        } then: {
            state -> (Result<Int, RegistryError>, Bool) in
            if case .failure(let error) = state.end { return (.failure(error), false) }
            let count = state.buffer.remove(into: buffer)
            // Half empty: not a wake-up for every few bytes.
            guard state.isPaused, state.buffer.room >= state.buffer.capacity / 2 else {
                return (.success(count), false)
            }
            state.isPaused = false
            return (.success(count), true)
        }
        if mustWake { gate.open() }
        return try result.get()
    }
}

extension RegistryClient {
    /// Starts to fetch a blob that a plain thread will read.
    ///
    /// A stream holds one of the client's transfers until its end: read streams in the order in which they were
    /// started, or those that wait for their reader hold up the one that is waited for.
    package func stream(_ descriptor: Descriptor, of reference: ImageReference) -> BlobStream {
        stream(descriptor) { () throws(RegistryError) in
            try self.target(
                "blobs", descriptor.digest.description, of: reference, subject: .blob(descriptor.digest, of: reference))
        }
    }

    /// Starts to fetch a plain file by its URL; otherwise like the stream of a blob.
    package func stream(_ descriptor: Descriptor, url: String) -> BlobStream {
        stream(descriptor) { () throws(RegistryError) in try fileTarget(url) }
    }

    private func stream(_ descriptor: Descriptor, from makeTarget: () throws(RegistryError) -> Target) -> BlobStream {
        let channel = BlobChannel(capacity: configuration.streamBufferSize)
        let target: Target
        do throws(RegistryError) {
            target = try makeTarget()
        } catch {
            channel.finish(.failure(error))
            return BlobStream(channel: channel, task: Task {})
        }
        let writer = BodyWriter(
            target, size: descriptor.size, algorithm: descriptor.digest.algorithm, output: channel, progress: { _ in })
        let transfer = BodyTransfer(exchanger: exchanger, writer: writer, gate: channel.gate)
        // Here and not in the task: the place in the queue must not depend on which task runs first.
        let slot = transfers.reserve(target.host)
        // A stored task: the reader is a plain thread and can't be a scope for it. `BlobStream` ends it.
        let task = Task {
            defer { slot.release() }
            do throws(RegistryError) {
                guard await slot.wait() else { throw .cancelled }
                try await transfer.run()
                let actual = writer.digest
                guard actual == descriptor.digest else {
                    throw .digestMismatch(
                        target.subject, host: target.host, expected: descriptor.digest, actual: actual)
                }
                channel.finish(.success(()))
            } catch {
                channel.finish(.failure(error))
            }
        }
        return BlobStream(channel: channel, task: task)
    }
}
