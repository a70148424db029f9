internal import OCI
internal import Threads

/// Where fetching tasks say what has come, and the packing thread waits for what it needs next.
final class FetchBoard: Sendable {
    /// Packing was told to stop before the blob came.
    struct Stopped: Error {}

    private struct State {
        var arrived: Set<Digest> = []
        var scanned: Set<Digest> = []
        var isStopped = false
    }

    private let monitor = Monitor(State())

    func arrive(_ digest: Digest) { monitor.update { _ = $0.arrived.insert(digest) } }

    /// Says that what is in a layer is known.
    func finishScan(of digest: Digest) { monitor.update { _ = $0.scanned.insert(digest) } }

    /// Ends all waiting; to be called when a fetch has failed or the build is cancelled.
    func stop() { monitor.update { $0.isStopped = true } }

    var isStopped: Bool { monitor.read { $0.isStopped } }

    /// Blocks until the blob is there; throws ``Stopped`` when it won't come.
    func wait(for digest: Digest) throws(Stopped) {
        try wait { $0.arrived.contains(digest) }
    }

    /// Blocks until it is known what is in all `layers`; throws ``Stopped`` when that won't come.
    func waitForScans(of layers: some Sequence<Digest>) throws(Stopped) {
        let wanted = Set(layers)
        try wait { $0.scanned.isSuperset(of: wanted) }
    }

    private func wait(until ready: (State) -> Bool) throws(Stopped) {
        let came = monitor.wait {
            $0.isStopped || ready($0)
        } then: {
            !$0.isStopped
        }
        guard came else { throw Stopped() }
    }
}
