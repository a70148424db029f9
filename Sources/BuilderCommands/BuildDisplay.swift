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
    func summary(elapsed: Double) -> String {
        if toPack == 0 { return "resolving: \(resolved) images" }
        var line =
            packed == 0 && encoded > 0
            ? "encoded \(Format.bytes(encoded))" : "packed \(Format.bytes(packed)) of \(Format.bytes(toPack))"
        if toFetch > 0 {
            line += "  fetched \(Format.bytes(fetched)) of \(Format.bytes(toFetch))"
            if elapsed >= 1, fetched > 0 {
                let rate = Double(fetched) / elapsed
                line += "  \(Format.bytes(Int64(rate)))/s"
                if fetched < toFetch { line += "  \(Format.duration(Double(toFetch - fetched) / rate)) left" }
            }
        }
        return line
    }

    /// Everything: a line for each blob that is coming in, then the total; each cut to `columns`.
    func lines(elapsed: Double, columns: Int) -> [String] {
        let blobs = transfers.prefix(12).map { transfer in
            let percent = transfer.size > 0 ? Int(transfer.done * 100 / transfer.size) : 100
            let share = String(repeating: " ", count: max(0, 3 - "\(percent)".count)) + "\(percent)%"
            return "  \(transfer.digest.short)  \(share) of \(Format.bytes(transfer.size))  \(transfer.name)"
        }
        return (blobs + [summary(elapsed: elapsed)]).map { String($0.prefix(max(columns - 1, 10))) }
    }
}

/// Draws on a terminal; elsewhere prints a plain line now and then.
final class BuildDisplay: BuildRenderer {
    private struct State {
        var standing = BuildStanding()
        var lastDrawn = 0.0
        var linesDrawn = 0
    }

    private let isSilent: Bool
    private let isInteractive = Terminal.standardError.isInteractive
    private let started = Clock.now()
    private let state = Lock(State())

    init(isSilent: Bool) { self.isSilent = isSilent }

    @Sendable func show(_ event: BuildEvent) {
        let output = Terminal.standardError
        state.withLock { state in
            state.standing.take(event)
            switch event {
            case .warning(let text):
                erase(&state)
                output.write("warning: \(text.printable())\n")
            case .planned(let plan) where !isSilent:
                output.write(
                    "\(plan.name) \(plan.version): \(plan.imageCount) images, \(Format.bytes(plan.bytesToFetch)) to fetch, "
                        + "\(Format.bytes(plan.bytesToPack)) to pack\n")
            case .encoded(let count, let before, let after, _):
                erase(&state)
                output.write(
                    "\(count) layers as zstd: \(Format.bytes(before)) to pack became \(Format.bytes(after))\n")
            case .finished(let path, let digest, let size):
                erase(&state)
                output.write(
                    "built \(path): \(Format.bytes(size)), \(digest), in \(Format.duration(Clock.now() - started))\n")
            default: draw(&state)
            }
        }
    }

    func finish() { state.withLock { erase(&$0) } }

    private func draw(_ state: inout State) {
        let now = Clock.now()
        guard !isSilent, now - max(state.lastDrawn, started) >= (isInteractive ? 0.1 : 10) else { return }
        state.lastDrawn = now
        let output = Terminal.standardError
        guard isInteractive else {
            output.write(state.standing.summary(elapsed: now - started) + "\n")
            return
        }
        erase(&state)
        let lines = state.standing.lines(elapsed: now - started, columns: output.columns)
        output.write(lines.joined(separator: "\n") + "\n")
        state.linesDrawn = lines.count
    }

    private func erase(_ state: inout State) {
        guard state.linesDrawn > 0 else { return }
        // Up over what was drawn, and clear from there to the end of the screen.
        Terminal.standardError.write("\u{1B}[\(state.linesDrawn)F\u{1B}[J")
        state.linesDrawn = 0
    }
}
