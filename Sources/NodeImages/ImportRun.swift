internal import BundleFormat
internal import Containerd
internal import OCI
internal import Threads
internal import Unpack

/// One run of an import, on the thread that made it and on its workers.
final class ImportRun {
    private let job: ImageImport
    private let cancellation: Cancellation
    private let progress: @Sendable (ImageImport.Event) -> Void

    init(
        _ job: ImageImport, cancellation: Cancellation, progress: @escaping @Sendable (ImageImport.Event) -> Void
    ) {
        self.job = job
        self.cancellation = cancellation
        self.progress = progress
    }

    func perform() throws -> ImageImport.Outcome {
        let node = job.options.node
        let lock = try ImportLock(for: node.socket)
        defer { withExtendedLifetime(lock) {} }
        let connection = try ContainerdConnection(
            socket: node.socket, namespace: node.namespace, cancellation: cancellation)
        try connection.createNamespace(node.namespace)
        try ImportLease.removeHalfUnpacked(connection, snapshotter: node.snapshotter)
        var state = try NodeState(connection, snapshotter: node.snapshotter)
        var plan = try job.plan(on: state)
        var outcome = ImageImport.Outcome()
        if !plan.isEmpty {
            let lease = try ImportLease(connection)
            let concerned = job.images.filter { plan.concerns($0) }
            try lease.protect(concerned, on: state, snapshotter: node.snapshotter, connection)
            // What was listed before the lease protected it may be gone.
            state = try NodeState(connection, snapshotter: node.snapshotter)
            plan = try job.plan(on: state)
            outcome = try carryOut(plan, lease: lease)
        }
        connection.lease = nil
        try ImportLease.removeAll(connection)
        return outcome
    }

    private func carryOut(_ plan: ImportPlan, lease: ImportLease) throws -> ImageImport.Outcome {
        let obstacle = job.options.unpackingObstacle
        if let obstacle, job.options.unpacker == .auto, !plan.unpackings.isEmpty {
            progress(.allLeftToContainerd(reason: obstacle))
        }
        let stages = LayerStages(isActive: obstacle == nil)
        let board = ImportBoard(
            ImportSchedule(
                plan, for: job.images, stagesLayers: stages.isActive, isLeftOut: job.bundle.leftOut.contains))
        let source = try BlobSource(job.bundle)
        let threads = (0..<job.options.workers).map { number in
            OSThread.spawn(name: "import-\(number)") { [job, cancellation, progress] in
                do {
                    let worker = try ImportWorker(
                        job, source: source, lease: lease, stages: stages, cancellation: cancellation,
                        progress: progress)
                    try board.work { try worker.perform($0) }
                    board.add(worker.outcome)
                } catch {
                    // The first error stops the others; what they then throw says only that they were stopped.
                    if board.fail(error) { cancellation.cancel() }
                }
            }
        }
        for thread in threads { thread.join() }
        return try board.result()
    }
}

extension ImageImport.Options {
    /// Why no layer can be unpacked here; `nil` where all can.
    fileprivate var unpackingObstacle: String? {
        if unpacker == .containerd { return "containerd was asked to" }
        guard node.snapshotter == NodeOptions.usualSnapshotter else {
            return "the snapshotter is \(node.snapshotter) and not \(NodeOptions.usualSnapshotter)"
        }
        return UnpackPrivilege.obstacle
    }
}

extension ImportPlan {
    /// Whether anything of the plan is about `image`.
    func concerns(_ image: WantedImage) -> Bool {
        let digests = Set(image.content.map(\.digest))
        let chains = Set(image.chains.flatMap(\.links).map(\.id))
        return layers.contains { digests.contains($0.digest) } || documents.contains { digests.contains($0.digest) }
            || labellings.contains { digests.contains($0.digest) } || holdings.contains { digests.contains($0.config) }
            || namings.contains { $0.target.digest == image.root.digest }
            || unpackings.contains { chains.contains($0.chain) }
    }
}

/// Deals out the steps of a schedule to threads, and stops all of them at the first error.
final class ImportBoard: Sendable {
    private struct State {
        var schedule: ImportSchedule
        var failure: (any Error)?
        var outcome = ImageImport.Outcome()
    }

    private let state: Monitor<State>

    init(_ schedule: ImportSchedule) { state = Monitor(State(schedule: schedule)) }

    /// Takes steps until there are none left; waits while all that are left wait for others.
    func work(_ perform: (ImportSchedule.Step) throws -> Void) throws {
        while let (ticket, step) = next() {
            try perform(step)
            state.update { $0.schedule.finish(ticket) }
        }
    }

    private func next() -> (ticket: Int, step: ImportSchedule.Step)? {
        state.wait {
            $0.failure != nil || $0.schedule.isFinished || $0.schedule.hasReady
        } then: {
            $0.failure == nil ? $0.schedule.take() : nil
        }
    }

    /// Notes an error; returns whether it is the first.
    func fail(_ error: any Error) -> Bool {
        state.update { state in
            guard state.failure == nil else { return false }
            state.failure = error
            return true
        }
    }

    func add(_ part: ImageImport.Outcome) { state.update { $0.outcome.add(part) } }

    /// What was done; throws the first error. For when all threads have ended.
    func result() throws -> ImageImport.Outcome {
        let (failure, outcome) = state.read { ($0.failure, $0.outcome) }
        if let failure { throw failure }
        return outcome
    }
}

extension ImageImport.Outcome {
    fileprivate mutating func add(_ part: ImageImport.Outcome) {
        bytesWritten += part.bytesWritten
        blobsWritten += part.blobsWritten
        namesMade += part.namesMade
        namesMoved += part.namesMoved
        layersUnpacked += part.layersUnpacked
        layersUnpackedByContainerd += part.layersUnpackedByContainerd
    }
}
