internal import BundleFormat
internal import Containerd
internal import Frames
internal import OCI
internal import Threads

/// Carries out steps of an import on one thread, with a connection and a reader of its own.
final class ImportWorker {
    private let job: ImageImport
    private let source: BlobSource
    private let lease: ImportLease
    private let progress: @Sendable (ImageImport.Event) -> Void
    private let connection: ContainerdConnection
    private let reader: FrameReader
    private let documents: [Digest: WantedImage.Document]
    private(set) var outcome = ImageImport.Outcome()

    init(
        _ job: ImageImport, source: BlobSource, lease: ImportLease, cancellation: Cancellation,
        progress: @escaping @Sendable (ImageImport.Event) -> Void
    ) throws {
        self.job = job
        self.source = source
        self.lease = lease
        self.progress = progress
        let node = job.options.node
        connection = try ContainerdConnection(
            socket: node.socket, namespace: node.namespace, cancellation: cancellation)
        connection.lease = lease.id
        reader = FrameReader(source.bundle.file)
        documents = Dictionary(
            job.images.flatMap(\.documents).map { ($0.descriptor.digest, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func perform(_ step: ImportSchedule.Step) throws {
        switch step {
        case .layer(let layer): try write(layer)
        case .document(let document): try write(document)
        case .label(let labelling): try label(labelling.digest)
        case .name(let naming): try name(naming)
        case .unpack(let unpacking): try unpack(unpacking)
        case .hold(let holding):
            let label = ContainerdLabel.snapshot(job.options.node.snapshotter)
            try connection.setLabels([label: holding.chain.description], of: holding.config)
            progress(.unpacked(holding.references))
        }
    }

    private func name(_ naming: ImportPlan.Naming) throws {
        try connection.put(ImageRecord(name: naming.name, labels: naming.labels, target: naming.target))
        if naming.movedFrom == nil { outcome.namesMade += 1 } else { outcome.namesMoved += 1 }
        progress(.named(naming.name, naming.target.digest, movedFrom: naming.movedFrom))
    }

    /// Sets what `digest` leads to, beside what others have noted there.
    private func label(_ digest: Digest) throws {
        guard let document = documents[digest] else { return }
        let missing = document.missingLabels(in: try connection.content(digest)?.labels ?? [:])
        if !missing.isEmpty { try connection.setLabels(missing, of: digest) }
    }

    // MARK: content

    private func write(_ blob: Descriptor) throws {
        var resumed = false
        do {
            try send(blob, resumed: &resumed)
        } catch let error as ContainerdError where error.kind == .contentMismatch && resumed {
            // What an earlier run left was of another archive, or of one that was damaged; now nothing is left of it.
            try send(blob, resumed: &resumed)
        }
        progress(.blob(blob))
    }

    private func send(_ blob: Descriptor, resumed: inout Bool) throws {
        let labels = documents[blob.digest]?.missingLabels(in: [:]) ?? [:]
        var sent: Int64 = 0
        do {
            let result = try connection.write(blob, reference: ImportLease.reference(blob.digest), labels: labels) {
                resumed = $0.offset > 0
                progress(.wrote($0.offset))
                sent = try send(blob, to: $0)
            }
            outcome.bytesWritten += sent
            guard result == .alreadyThere else {
                outcome.blobsWritten += 1
                return
            }
        } catch let error as ContainerdError where error.kind == .contentMismatch && !resumed {
            throw NodeImagesError.damaged(
                archive: source.bundle.path, blob: blob.digest, images: source.users(of: blob.digest))
        }
        // Somebody else wrote it meanwhile, without our labels.
        try label(blob.digest)
        progress(.wrote(blob.size - sent))
    }

    private func send(_ blob: Descriptor, to writer: ContentWriter) throws -> Int64 {
        let start = writer.offset
        try source.read(blob.digest, from: start, with: reader) { piece in
            try writer.write(piece)
            progress(.wrote(Int64(piece.count)))
        }
        return writer.offset - start
    }

    // MARK: unpacking

    private func unpack(_ unpacking: ImportPlan.Unpacking) throws {
        let snapshotter = job.options.node.snapshotter
        let chain = unpacking.chain.description
        if try connection.snapshot(chain, snapshotter: snapshotter) == nil {
            let key = lease.extractionKey(unpacking.chain)
            do {
                try extract(unpacking, key: key, snapshotter: snapshotter)
            } catch {
                removeSnapshot(key, snapshotter: snapshotter)
                throw error
            }
        }
        try connection.setLabels(
            [ContainerdLabel.uncompressed: unpacking.diffID.description], of: unpacking.layer.digest)
        outcome.layersUnpacked += 1
        progress(.layer(unpacking.layer))
    }

    private func extract(_ unpacking: ImportPlan.Unpacking, key: String, snapshotter: String) throws {
        let labels = [ContainerdLabel.snapshotReference: unpacking.chain.description]
        let mounts = try connection.prepare(
            key: key, parent: unpacking.parent?.description, snapshotter: snapshotter, labels: labels)
        let found = try connection.apply(unpacking.layer, to: mounts)
        guard found.digest == unpacking.diffID else {
            throw NodeImagesError.layerDiffers(
                layer: unpacking.layer.digest, expected: unpacking.diffID, found: found.digest,
                images: source.users(of: unpacking.layer.digest))
        }
        do {
            try connection.commitSnapshot(
                name: unpacking.chain.description, key: key, snapshotter: snapshotter, labels: labels)
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            // Another client unpacked the same layers and was faster; theirs is as good.
            removeSnapshot(key, snapshotter: snapshotter)
            try connection.addToLease(
                lease.id, resource: (id: unpacking.chain.description, type: "snapshots/\(snapshotter)"))
        }
    }

    /// Removes a snapshot that will not be finished.
    private func removeSnapshot(_ key: String, snapshotter: String) {
        // On a connection that is not cancelled. Where even that fails, the next run removes it.
        let node = job.options.node
        let fresh = try? ContainerdConnection(socket: node.socket, namespace: node.namespace)
        try? fresh?.removeSnapshot(key, snapshotter: snapshotter)  // as above
    }
}
