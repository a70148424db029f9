internal import BundleFormat
internal import Containerd
internal import Frames
internal import OCI
internal import Threads

/// Carries out steps of an import on one thread, with a connection and a reader of its own.
final class ImportWorker {
    let job: ImageImport
    let source: BlobSource
    let lease: ImportLease
    let stages: LayerStages
    let cancellation: Cancellation
    let progress: @Sendable (ImageImport.Event) -> Void
    let connection: ContainerdConnection
    let reader: FrameReader
    private let documents: [Digest: WantedImage.Document]
    var outcome = ImageImport.Outcome()

    init(
        _ job: ImageImport, source: BlobSource, lease: ImportLease, stages: LayerStages, cancellation: Cancellation,
        progress: @escaping @Sendable (ImageImport.Event) -> Void
    ) throws {
        self.job = job
        self.source = source
        self.lease = lease
        self.stages = stages
        self.cancellation = cancellation
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
        case .layer(let layer, let unpacking): try write(layer, staging: unpacking)
        case .document(let document): try write(document)
        case .label(let labelling): try label(labelling.digest)
        case .name(let naming): try name(naming)
        case .stage(let unpacking): try stage(unpacking)
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

    private func write(_ blob: Descriptor, staging unpacking: ImportPlan.Unpacking? = nil) throws {
        var resumed = false
        do {
            try send(blob, staging: unpacking, resumed: &resumed)
        } catch let error as ContainerdError where error.kind == .contentMismatch && resumed {
            // What an earlier run left was of another archive, or of one that was damaged; now nothing is left of it.
            try send(blob, staging: unpacking, resumed: &resumed)
        }
        progress(.blob(blob))
    }

    private func send(_ blob: Descriptor, staging unpacking: ImportPlan.Unpacking?, resumed: inout Bool) throws {
        let labels = documents[blob.digest]?.missingLabels(in: [:]) ?? [:]
        var sent: Int64 = 0
        do {
            let result = try connection.write(blob, reference: ImportLease.reference(blob.digest), labels: labels) {
                resumed = $0.offset > 0
                progress(.wrote($0.offset))
                sent = try send(blob, to: $0, staging: unpacking)
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

    private func send(
        _ blob: Descriptor, to writer: ContentWriter, staging unpacking: ImportPlan.Unpacking?
    ) throws -> Int64 {
        let start = writer.offset
        func send(_ piece: UnsafeRawBufferPointer) throws {
            try writer.write(piece)
            progress(.wrote(Int64(piece.count)))
        }
        if let unpacking, stages.wants(unpacking.chain) {
            try stage(unpacking) { piece, offset in
                // What an earlier run has sent is unpacked all the same.
                let known = Int(clamping: start - offset)
                if known < piece.count { try send(UnsafeRawBufferPointer(rebasing: piece[max(0, known)...])) }
            }
        } else {
            try source.read(blob.digest, from: start, with: reader, send)
        }
        return writer.offset - start
    }
}
