internal import OCI
internal import SystemPackage
internal import Threads
internal import Unpack

/// The layers that an import has unpacked itself, each in a snapshot of its own that lies on nothing, until those below
/// it are there (docs/decisions/0015).
///
/// A stage belongs to the import's lease: what a run that was killed leaves is removed as any half-unpacked snapshot.
final class LayerStages: Sendable {
    /// An unpacked layer.
    struct Stage: Sendable {
        /// The snapshot's key.
        var key: String
        var folder: FilePath
        var implied: ImpliedFolders
        /// Counts up with each stage that is complete.
        var number: Int
    }

    private struct State {
        var stages: [Digest: Stage] = [:]
        /// Chain IDs of layers that are containerd's to unpack.
        var left: Set<Digest> = []
        var count = 0
        /// Every stage up to this one is on the disk.
        var synced = 0
    }

    private let state = Lock(State())
    /// Whether layers are unpacked here at all.
    let isActive: Bool

    init(isActive: Bool) { self.isActive = isActive }

    /// Whether a layer is to be unpacked here and isn't yet.
    func wants(_ chain: Digest) -> Bool {
        isActive && state.withLock { $0.stages[chain] == nil && !$0.left.contains(chain) }
    }

    func add(_ chain: Digest, key: String, folder: FilePath, implied: ImpliedFolders) {
        state.withLock { state in
            state.count += 1
            state.stages[chain] = Stage(key: key, folder: folder, implied: implied, number: state.count)
        }
    }

    /// Leaves a layer to containerd.
    func leave(_ chain: Digest) { state.withLock { _ = $0.left.insert(chain) } }

    /// Hands out a stage; once.
    func take(_ chain: Digest) -> Stage? { state.withLock { $0.stages.removeValue(forKey: chain) } }

    /// Returns when the stage's files are on the disk: containerd notes durably that a snapshot is complete, and after
    /// a power cut nobody would look again.
    ///
    /// One call serves all stages that are complete by then.
    func sync(_ stage: Stage) throws(UnpackDoubt) {
        let upTo = state.withLock { $0.synced >= stage.number ? nil : $0.count }
        guard let upTo else { return }
        try LayerFolder.sync(stage.folder)
        state.withLock { $0.synced = max($0.synced, upTo) }
    }
}
