internal import BundleFormat
internal import Containerd
internal import OCI
internal import Unpack

/// Unpacking: here where that is sure to give what containerd would make of a layer, and by containerd otherwise.
extension ImportWorker {
    private var snapshotter: String { job.options.node.snapshotter }

    // MARK: here, whatever is below

    /// Unpacks a layer of which containerd has the content.
    func stage(_ unpacking: ImportPlan.Unpacking) throws {
        if stages.wants(unpacking.chain) { try stage(unpacking) { _, _ in } }
    }

    /// Unpacks a layer as it is read from the archive; calls `send` with each piece and its offset in the layer.
    ///
    /// A doubt is no failure: the rest of the layer is read all the same, and containerd will unpack it.
    func stage(
        _ unpacking: ImportPlan.Unpacking, send: (UnsafeRawBufferPointer, Int64) throws -> Void
    ) throws {
        try withoutActuallyEscaping(send) { send in
            let feed = LayerFeed(
                unpacking.layer.digest, of: source, with: reader, cancellation: cancellation, send: send)
            let key = lease.stageKey(unpacking.chain)
            let mounts = try connection.prepare(
                key: key, parent: nil, snapshotter: snapshotter, labels: labels(of: unpacking))
            do throws(UnpackDoubt) {
                let folder = try SnapshotFolder(mounts, of: connection.daemon)
                let implied = try PackedLayer.unpack(
                    feed, of: unpacking.layer.mediaType, diffID: unpacking.diffID, into: folder.upper,
                    isBase: unpacking.parent == nil)
                stages.add(unpacking.chain, key: key, folder: folder.upper, implied: implied)
            } catch {
                // What ended the reading, or the import, is no doubt about the layer; it is thrown below.
                if feed.failure == nil { leave(unpacking, because: error) }
                removeSnapshot(key)
            }
            try feed.finish()
        }
    }

    private func leave(_ unpacking: ImportPlan.Unpacking, because doubt: UnpackDoubt) {
        stages.leave(unpacking.chain)
        progress(.leftToContainerd(unpacking.layer, reason: doubt.reason))
    }

    private func labels(of unpacking: ImportPlan.Unpacking) -> [String: String] {
        [ContainerdLabel.snapshotReference: unpacking.chain.description]
    }

    // MARK: on top of what is below

    /// Makes the snapshot of a layer whose content and whose parent are there.
    func unpack(_ unpacking: ImportPlan.Unpacking) throws {
        let stage = stages.take(unpacking.chain)
        do {
            if try connection.snapshot(unpacking.chain.description, snapshotter: snapshotter) == nil {
                if let stage, unpacking.parent == nil, isOnDisk(stage, unpacking) {
                    try commit(unpacking, key: stage.key)
                } else {
                    try extract(unpacking, stage)
                }
            }
        } catch {
            if let stage { removeSnapshot(stage.key) }
            throw error
        }
        if let stage, unpacking.parent != nil { removeSnapshot(stage.key) }
        try connection.setLabels(
            [ContainerdLabel.uncompressed: unpacking.diffID.description], of: unpacking.layer.digest)
        outcome.layersUnpacked += 1
        progress(.layer(unpacking.layer))
    }

    private func isOnDisk(_ stage: LayerStages.Stage, _ unpacking: ImportPlan.Unpacking) -> Bool {
        do throws(UnpackDoubt) {
            try stages.sync(stage)
            return true
        } catch {
            leave(unpacking, because: error)
            return false
        }
    }

    private func extract(_ unpacking: ImportPlan.Unpacking, _ stage: LayerStages.Stage?) throws {
        let key = lease.extractionKey(unpacking.chain)
        do {
            let mounts = try connection.prepare(
                key: key, parent: unpacking.parent?.description, snapshotter: snapshotter,
                labels: labels(of: unpacking))
            if try !fill(mounts, from: stage, unpacking) { try apply(unpacking, to: mounts) }
            try commit(unpacking, key: key)
        } catch {
            removeSnapshot(key)
            throw error
        }
    }

    /// Moves a stage into the snapshot that is to be; `false` where there is none, or in doubt.
    private func fill(
        _ mounts: [Mount], from stage: LayerStages.Stage?, _ unpacking: ImportPlan.Unpacking
    ) throws -> Bool {
        guard let stage, unpacking.parent != nil else { return false }
        do throws(UnpackDoubt) {
            let folder = try SnapshotFolder(mounts, of: connection.daemon)
            try stage.implied.adopt(in: stage.folder, from: folder.lower)
            try stages.sync(stage)
            try LayerFolder.move(stage.folder, to: folder.upper)
            return true
        } catch {
            leave(unpacking, because: error)
            return false
        }
    }

    private func apply(_ unpacking: ImportPlan.Unpacking, to mounts: [Mount]) throws {
        if stages.isActive, job.bundle.leftOut.contains(unpacking.layer.digest) {
            leave(unpacking, because: UnpackDoubt("the bundle leaves its bytes to the delta's base"))
        }
        let found: Descriptor
        do throws(ContainerdError) {
            found = try connection.apply(unpacking.layer, to: mounts)
        } catch {
            guard case .other = error.kind, !error.isDiskFull else { throw error }
            throw NodeImagesError.layerRefused(
                layer: unpacking.layer.digest, images: source.users(of: unpacking.layer.digest), reason: error.message)
        }
        guard found.digest == unpacking.diffID else {
            throw NodeImagesError.layerDiffers(
                layer: unpacking.layer.digest, expected: unpacking.diffID, found: found.digest,
                images: source.users(of: unpacking.layer.digest))
        }
        outcome.layersUnpackedByContainerd += 1
    }

    private func commit(_ unpacking: ImportPlan.Unpacking, key: String) throws {
        do {
            try connection.commitSnapshot(
                name: unpacking.chain.description, key: key, snapshotter: snapshotter, labels: labels(of: unpacking))
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            // Another client unpacked the same layers and was faster; theirs is as good.
            removeSnapshot(key)
            try connection.addToLease(
                lease.id, resource: (id: unpacking.chain.description, type: "snapshots/\(snapshotter)"))
        }
    }

    /// Removes a snapshot that will not be finished.
    private func removeSnapshot(_ key: String) {
        // On a connection that is not cancelled. Where even that fails, the next run removes it.
        let node = job.options.node
        let fresh = try? ContainerdConnection(socket: node.socket, namespace: node.namespace)
        try? fresh?.removeSnapshot(key, snapshotter: snapshotter)  // as above
    }
}
