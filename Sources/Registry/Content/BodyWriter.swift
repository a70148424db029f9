internal import HTTP
internal import OCI
internal import Threads

/// Hashes a body and passes it on, in one pass, across as many transfers as it takes.
final class BodyWriter: BodySink {
    private struct State {
        var hasher: DigestHasher
        /// How many bytes are hashed and written.
        var offset: Int64 = 0
        /// Bytes at the start of the present body that were written before.
        var skip: Int64 = 0
        /// Set when an answer was not what was asked for; why the transfer was stopped.
        var failure: RegistryError?
        /// The strong validator of what was written so far.
        var entityTag: String?
        var rangesAreUseless = false
    }

    let target: Target
    let expectedSize: Int64?
    private let algorithm: Digest.Algorithm
    private let output: any BodyOutput
    private let progress: @Sendable (Int64) -> Void
    private let state: Lock<State>

    init(
        _ target: Target, size: Int64?, algorithm: Digest.Algorithm, output: any BodyOutput,
        progress: @escaping @Sendable (Int64) -> Void
    ) {
        self.target = target
        expectedSize = size
        self.algorithm = algorithm
        self.output = output
        self.progress = progress
        state = Lock(State(hasher: DigestHasher(algorithm)))
    }

    var offset: Int64 { state.withLock { $0.offset } }
    var digest: Digest { state.withLock { $0.hasher.digest() } }
    var entityTag: String? { state.withLock { $0.entityTag } }
    /// Where the next body should start.
    var rangeStart: Int64 { state.withLock { $0.rangesAreUseless ? 0 : $0.offset } }

    /// The reason for the last stop, once.
    func takeFailure() -> RegistryError? {
        state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
    }

    /// Takes bytes that the output holds already.
    func adopt(_ bytes: UnsafeRawBufferPointer) {
        state.withLock {
            $0.hasher.update(bytes)
            $0.offset += Int64(bytes.count)
        }
        progress(Int64(bytes.count))
    }

    /// Starts over; where the output can't, the next body must come whole and its known part is passed over.
    func restart() throws(RegistryError) {
        let outcome = state.withLock { state in
            Result { () throws(RegistryError) in try rewind(&state) }
        }
        try outcome.get()
    }

    func begin(_ response: HTTPResponse) -> Bool {
        state.withLock { state in
            do throws(RegistryError) {
                try accept(response, &state)
                return true
            } catch {
                state.failure = error
                return false
            }
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> BodyFlow {
        let (flow, count) = state.withLock { state in
            do throws(RegistryError) {
                return try write(bytes, &state)
            } catch {
                state.failure = error
                return (BodyFlow.stop, Int64(0))
            }
        }
        if count > 0 { progress(count) }
        return flow
    }

    private func accept(_ response: HTTPResponse, _ state: inout State) throws(RegistryError) {
        let announced = response.headers["content-length"].flatMap { Int64($0) }
        state.skip = 0
        switch response.status {
        case 206:
            let range = response.headers["content-range"].flatMap(ContentRange.init)
            guard state.offset > 0, !state.rangesAreUseless, range?.first == state.offset else {
                throw malformed("a part that was not asked for")
            }
            try requireSize(range?.total)
        case 200:
            try requireSize(announced)
            if state.offset > 0 {
                // The server ignored the range, or the content changed since.
                try rewind(&state)
                state.skip = state.offset
            }
        default:
            throw malformed("status \(response.status) for content")
        }
        let tag = response.headers["etag"]
        state.entityTag = tag.flatMap { $0.hasPrefix("W/") ? nil : $0 }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws(RegistryError) -> (BodyFlow, Int64)
    {
        let passedOver = min(state.skip, Int64(bytes.count))
        let fresh = UnsafeRawBufferPointer(rebasing: bytes[Int(passedOver)...])
        if let expectedSize, state.offset + Int64(fresh.count) > expectedSize {
            throw .sizeMismatch(
                target.subject, host: target.host, expected: expectedSize, actual: state.offset + Int64(fresh.count))
        }
        if !fresh.isEmpty {
            let flow = try output.write(fresh, at: state.offset)
            guard case .proceed = flow else { return (flow, 0) }
            state.hasher.update(fresh)
            state.offset += Int64(fresh.count)
        }
        state.skip -= passedOver
        return (.proceed, Int64(fresh.count))
    }

    private func rewind(_ state: inout State) throws(RegistryError) {
        guard try output.rewind() else {
            state.rangesAreUseless = true
            return
        }
        // Totals stay right when what was counted is taken back.
        if state.offset > 0 { progress(-state.offset) }
        state.offset = 0
        state.hasher = DigestHasher(algorithm)
    }

    private func requireSize(_ announced: Int64?) throws(RegistryError) {
        guard let expectedSize, let announced, announced != expectedSize else { return }
        throw .sizeMismatch(target.subject, host: target.host, expected: expectedSize, actual: announced)
    }

    private func malformed(_ reason: String) -> RegistryError {
        .malformedAnswer(target.subject, host: target.host, reason: reason)
    }
}
