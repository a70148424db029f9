internal import HTTP

/// Brings a body into a ``BodyWriter``, going on where a cut stream stopped.
struct BodyTransfer: Sendable {
    let exchanger: Exchanger
    let writer: BodyWriter
    var gate: BodyGate?
    /// Nobody will compare digests: only an unchanged `ETag` proves that two parts belong together.
    var needsValidator = false

    /// Progress of this much makes earlier failures forgotten; less could keep a hostile server's game going.
    private static let forgivingProgress: Int64 = 1 << 20

    private var target: Target { writer.target }
    private var configuration: RegistryConfiguration { exchanger.configuration }

    /// Returns when the whole body was written; whether its digest is right is the caller's question.
    func run() async throws(RegistryError) {
        var failures = 0
        var mark = writer.offset
        var start = ContinuousClock.now
        while true {
            do {
                return try await attempt()
            } catch {
                if writer.offset - mark >= Self.forgivingProgress {
                    failures = 0
                    mark = writer.offset
                    start = .now
                }
                failures += 1
                try await configuration.retry.pause(afterFailures: failures, since: start, error: error)
                if needsValidator, writer.entityTag == nil { try writer.restart() }
            }
        }
    }

    private func attempt() async throws(RegistryError) {
        guard !Task.isCancelled else { throw .cancelled }
        if let size = writer.expectedSize, writer.offset == size { return }
        let start = writer.rangeStart
        let response = try await send(from: start)
        if response.status == 416, start > 0 {
            let total = response.headers["content-range"].flatMap(ContentRange.init)?.total
            // Everything was here already, where nobody could know the size.
            if writer.expectedSize == nil, total == start, !needsValidator { return }
            try writer.restart()
            return try await attempt()
        }
        guard response.isSuccess else { throw await exchanger.error(for: response, to: target) }
        if let size = writer.expectedSize, writer.offset < size {
            throw .interrupted(
                target.subject, host: target.host, reason: "\(writer.offset) of \(size) bytes came")
        }
    }

    private func send(from start: Int64) async throws(RegistryError) -> HTTPResponse {
        var headers: HTTPHeaders = ["Accept": "*/*"]
        if start > 0 {
            headers["Range"] = "bytes=\(start)-"
            if needsValidator, let tag = writer.entityTag { headers["If-Range"] = tag }
        }
        do {
            // The whole may come although a part was asked for.
            return try await exchanger.send(
                target, headers: headers, limit: writer.expectedSize ?? configuration.maximumFileSize, sink: writer,
                gate: gate)
        } catch {
            if let failure = writer.takeFailure() { throw failure }
            // Only an answer that outgrows what its descriptor says can reach this limit.
            if case .tooLarge = error, let size = writer.expectedSize, writer.offset > 0 || start == 0 {
                throw .tooLarge(target.subject, host: target.host, limit: size)
            }
            // A server that was there a moment ago may be back in a moment.
            if case .unreachable(let subject, let host, let reason) = error, start > 0 {
                throw .interrupted(subject, host: host, reason: reason)
            }
            throw error
        }
    }
}
