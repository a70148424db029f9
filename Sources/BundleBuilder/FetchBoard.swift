internal import OCI
internal import Threads

/// Where fetching tasks say what has come, and the packing thread waits for what it needs next.
final class FetchBoard: Sendable {
    /// Packing was told to stop before the blob came.
    struct Stopped: Error {}

    private struct State {
        var arrived: Set<Digest> = []
        var isStopped = false
    }

    private let monitor = Monitor(State())

    func arrive(_ digest: Digest) { monitor.update { _ = $0.arrived.insert(digest) } }

    /// Ends all waiting; to be called when a fetch has failed or the build is cancelled.
    func stop() { monitor.update { $0.isStopped = true } }

    var isStopped: Bool { monitor.read { $0.isStopped } }

    /// Blocks until the blob is there; throws ``Stopped`` when it won't come.
    func wait(for digest: Digest) throws(Stopped) {
        let came = monitor.wait {
            $0.isStopped || $0.arrived.contains(digest)
        } then: {
            !$0.isStopped
        }
        guard came else { throw Stopped() }
    }
}
