internal import BundleBuilder
internal import CommandSupport
internal import OCI
internal import Threads

/// Shows the events of a build.
protocol BuildRenderer: Sendable {
    /// Takes an event; called from any thread, as often as the work likes.
    @Sendable func show(_ event: BuildEvent)
    /// Ends the display, leaving the terminal as it was.
    func finish()
}

/// Where a build stands; what is drawn is made from this alone, so that tests need no terminal.
struct BuildStanding: Hashable, Sendable {
    /// One blob that is coming in.
    struct Transfer: Hashable, Sendable {
        var digest: Digest
        var name: String
        var done: Int64
        var size: Int64
    }

    var transfers: [Transfer] = []
    var toFetch: Int64 = 0
    var fetched: Int64 = 0
    var toPack: Int64 = 0
    var packed: Int64 = 0
    /// Bytes of layers that were read to be encoded anew.
    var encoded: Int64 = 0
    var resolved = 0

    /// Takes note of an event.
    mutating func take(_ event: BuildEvent) {
        switch event {
        case .resolved: resolved += 1
        case .planned(let plan):
            toFetch = plan.bytesToFetch
            toPack = plan.payloadSize
        case .fetching(let descriptor, let name):
            transfers.append(Transfer(digest: descriptor.digest, name: name, done: 0, size: descriptor.size))
        case .received(let descriptor, let count):
            fetched += count
            if let index = transfers.firstIndex(where: { $0.digest == descriptor.digest }) {
                transfers[index].done += count
            }
        case .fetched(let descriptor): transfers.removeAll { $0.digest == descriptor.digest }
        case .packed(let count): packed += count
        case .encoding(let count): encoded += count
        case .encoded(_, _, _, let plan): toPack = plan.payloadSize
        case .resolving, .warning, .finished: break
        }
    }

    /// The total line.
    func summary(elapsed: Double) -> String { total(elapsed: elapsed).fitted(to: .max) }

    private func total(elapsed: Double) -> StatusLine {
        guard toPack > 0 else {
            return StatusLine([.init("count", "resolving: \(resolved) images")], giving: [])
        }
        let packing =
            packed == 0 && encoded > 0
            ? "encoded \(Format.bytes(encoded))" : "packed \(Format.bytes(packed)) of \(Format.bytes(toPack))"
        var fields: [StatusLine.Field] = [.init("packed", packing)]
        if toFetch > 0 {
            fields.append(.init("fetched", "fetched \(Format.bytes(fetched)) of \(Format.bytes(toFetch))"))
            if elapsed >= 1, fetched > 0 {
                let rate = Double(fetched) / elapsed
                fields.append(.init("rate", "\(Format.bytes(Int64(rate)))/s"))
                if fetched < toFetch {
                    fields.append(.init("left", "\(Format.duration(Double(toFetch - fetched) / rate)) left"))
                }
            }
        }
        // What is fetched comes before it can be packed, and takes longer.
        let isFetching = fetched < toFetch
        return StatusLine(
            fields, giving: [("rate", 0), (isFetching ? "packed" : "fetched", 0), ("left", 0)])
    }

    /// Everything: a line for each blob that is coming in, then the total; each in less than `columns`.
    func lines(elapsed: Double, columns: Int) -> [String] {
        let room = max(columns - 1, 10)
        return transfers.prefix(12).map { Self.line(of: $0, columns: room) }
            + [total(elapsed: elapsed).fitted(to: room)]
    }

    /// What a blob is for says more than its digest.
    private static func line(of transfer: Transfer, columns: Int) -> String {
        let percent = transfer.size > 0 ? Int(transfer.done * 100 / transfer.size) : 100
        let share = String(repeating: " ", count: max(0, 3 - "\(percent)".count)) + "\(percent)%"
        let line = StatusLine(
            [
                .init("digest", transfer.digest.short), .init("share", share),
                .init("size", "of \(Format.bytes(transfer.size))", gap: 1),
                .init("name", transfer.name.printable(), isName: true),
            ], giving: [("name", 24), ("digest", 0), ("size", 0), ("name", 8)])
        return "  " + line.fitted(to: columns - 2)
    }
}

/// Shows a build on stderr.
final class BuildDisplay: BuildRenderer {
    private let isSilent: Bool
    private let started: Double
    private let standing: Lock<BuildStanding>
    private let display: LiveDisplay

    init(isSilent: Bool, on terminal: Terminal = .standardError) {
        self.isSilent = isSilent
        let (standing, started) = (Lock(BuildStanding()), Clock.now())
        (self.standing, self.started) = (standing, started)
        display = LiveDisplay(
            on: terminal,
            frame: { columns in
                isSilent ? [] : standing.withLock { $0 }.lines(elapsed: Clock.now() - started, columns: columns)
            },
            plain: { isSilent ? "" : standing.withLock { $0 }.summary(elapsed: Clock.now() - started) })
    }

    @Sendable func show(_ event: BuildEvent) {
        standing.withLock { $0.take(event) }
        tell(of: event)
        switch event {
        case .warning(let text): Message.warning(text)
        case .planned(let plan) where !isSilent:
            Message.note(
                "\(plan.name) \(plan.version): \(plan.imageCount) images, \(Format.bytes(plan.bytesToFetch)) to fetch, "
                    + "\(Format.bytes(plan.bytesToPack)) to pack")
        case .encoded(let count, let before, let after, _):
            Message.note("\(count) layers as zstd: \(Format.bytes(before)) to pack became \(Format.bytes(after))")
        case .finished(let path, let digest, let size):
            display.finish()
            Message.note(
                "built \(path): \(Format.bytes(size)), \(digest), in \(Format.duration(Clock.now() - started))")
        default: break
        }
    }

    func finish() { display.finish() }

    /// What `-v` adds.
    private func tell(of event: BuildEvent) {
        guard Verbosity.current == .verbose else { return }
        switch event {
        case .resolved(let reference, let digest): Message.detail("\(reference) is \(digest)")
        case .planned(let plan):
            for blob in plan.documents + plan.payload {
                let state =
                    switch blob.missing {
                    case 0: "there"
                    case blob.descriptor.size: "to fetch from \(blob.source)"
                    case let missing: "there in part, \(Format.bytes(missing)) to fetch from \(blob.source)"
                    }
                Message.detail(
                    "\(blob.descriptor.digest.short) \(Format.bytes(blob.descriptor.size)) for \(blob.name): \(state)")
            }
        case .fetching(let descriptor, let name): Message.detail("fetching \(descriptor.digest) for \(name)")
        case .fetched(let descriptor): Message.detail("fetched \(descriptor.digest)")
        default: break
        }
    }
}
