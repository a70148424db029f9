internal import BundleBuilder
internal import CommandSupport
internal import OCI
internal import SystemPackage
internal import Threads

/// Writes the events of a build as JSON, one object a line, on standard output.
final class BuildEventStream: BuildRenderer {
    /// One line.
    struct Line: Encodable {
        var event: String
        var bundle: String?
        var reference: String?
        var digest: Digest?
        var name: String?
        var bytes: Int64?
        var path: String?
        var message: String?
        var fetched: Int64?
        var toFetch: Int64?
        var packed: Int64?
        var toPack: Int64?
    }

    private let state = Lock((standing: BuildStanding(), lastProgress: Clock.now()))

    @Sendable func show(_ event: BuildEvent) {
        let line: Line? = state.withLock { state in
            state.standing.take(event)
            if let line = Self.line(event) { return line }
            // Bytes come by the thousand; a line a second says as much.
            guard Clock.now() - state.lastProgress >= 1 else { return nil }
            state.lastProgress = Clock.now()
            let standing = state.standing
            return Line(
                event: "progress", fetched: standing.fetched, toFetch: standing.toFetch, packed: standing.packed,
                toPack: standing.toPack)
        }
        // A line is made of plain values, which always encode.
        if let line, let text = try? Format.jsonLine(line) { Terminal.standardOutput.write(text) }
    }

    func finish() {}

    private static func line(_ event: BuildEvent) -> Line? {
        switch event {
        case .resolving: nil
        case .resolved(let reference, let digest):
            Line(event: "resolved", reference: reference.description, digest: digest)
        case .planned(let plan):
            Line(
                event: "planned", bundle: "\(plan.name) \(plan.version)", path: plan.output.string,
                toFetch: plan.bytesToFetch, toPack: plan.bytesToPack)
        case .fetching(let descriptor, let name):
            Line(event: "fetching", digest: descriptor.digest, name: name, bytes: descriptor.size)
        case .fetched(let descriptor): Line(event: "fetched", digest: descriptor.digest, bytes: descriptor.size)
        case .received, .packed, .encoding: nil
        case .encoded(_, let before, let after, _): Line(event: "encoded", bytes: before, toPack: after)
        case .warning(let text): Line(event: "warning", message: text)
        case .finished(let path, let digest, let size):
            Line(event: "finished", digest: digest, bytes: size, path: path.string)
        }
    }
}
