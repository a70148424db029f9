package import BundleFormat
internal import Containerd
package import OCI
internal import Threads

/// Brings the images of a bundle into a containerd: straight from the archive, only what is missing, over its API.
///
/// Safe to be killed at any point: a name is made only when everything that it leads to is there, a lease keeps what
/// has been written for a day, and the next run goes on where this one ended.
package struct ImageImport: Sendable {
    /// How to import.
    package struct Options: Sendable {
        package var node: NodeOptions
        /// Whether layers are unpacked, so that containers start at once.
        package var unpacks: Bool
        /// Who unpacks.
        package var unpacker: Unpacker
        /// How many things are done at the same time, each on a thread and a connection of its own.
        package var workers: Int

        /// What suits a machine: one more than it has cores, since some always wait for the disk, and never so many
        /// that their buffers count (each takes 5 MB).
        package static func workers(cores: Int) -> Int { min(max(cores, 1) + 1, 8) }

        package init(node: NodeOptions, unpacks: Bool = true, unpacker: Unpacker = .auto, workers: Int) {
            self.node = node
            self.unpacks = unpacks
            self.unpacker = unpacker
            self.workers = max(1, workers)
        }
    }

    /// Who unpacks layers.
    package enum Unpacker: String, CaseIterable, Sendable {
        /// We, wherever that is sure to give what containerd would; several times faster.
        case auto
        /// containerd, all of them.
        case containerd
    }

    /// Something that was done, told from any thread.
    package enum Event: Sendable {
        /// Bytes of the plan's `bytesToWrite`, since the last such event.
        case wrote(Int64)
        /// A blob is in containerd.
        case blob(Descriptor)
        /// A name points to its image; with what it pointed to before.
        case named(String, Digest, movedFrom: Digest?)
        /// A layer that is not unpacked here, and why; no failure, since containerd does it.
        case leftToContainerd(Descriptor, reason: String)
        /// No layer is unpacked here, and why; only where nobody has asked for that.
        case allLeftToContainerd(reason: String)
        /// A layer is unpacked; the size is that of its blob.
        case layer(Descriptor)
        /// All layers of the images that are known by these references are unpacked.
        case unpacked([String])
    }

    /// What an import has done.
    package struct Outcome: Hashable, Sendable, Codable {
        /// Bytes that were sent to containerd.
        package var bytesWritten: Int64 = 0
        package var blobsWritten = 0
        package var namesMade = 0
        package var namesMoved = 0
        package var layersUnpacked = 0
        /// Those of them that were not unpacked here.
        package var layersUnpackedByContainerd = 0

        /// Nothing.
        package init() {}
    }

    let bundle: BundleReader
    let options: Options
    let images: [WantedImage]

    package init(_ bundle: BundleReader, _ options: Options) {
        self.bundle = bundle
        self.options = options
        images = WantedImage.all(of: bundle, for: options.node.platform)
    }

    /// What ``run(progress:)`` would do now; nothing is changed.
    ///
    /// Throws `ContainerdError`, and ``NodeImagesError`` where a delta's base is not there.
    package func plan() async throws -> ImportPlan {
        try await withNode(options.node) { connection in
            try plan(on: try NodeState(connection, snapshotter: options.node.snapshotter))
        }
    }

    /// Imports what is missing, and ends when all of it is in containerd.
    ///
    /// Throws `ContainerdError`, ``NodeImagesError`` or `FramesError`; cancelling the task stops it between two
    /// messages, and has it throw `CancellationError`. After an error names point to what they pointed to before, or to
    /// what is complete.
    package func run(progress: @escaping @Sendable (Event) -> Void) async throws -> Outcome {
        try await onCancellableThread("import") { [self] cancellation throws in
            try ImportRun(self, cancellation: cancellation, progress: progress).perform()
        }
    }

    func plan(on node: NodeState) throws(NodeImagesError) -> ImportPlan {
        let plan = ImportPlan(
            for: images, on: node, bundle: bundle.label, snapshotter: options.unpacks ? options.node.snapshotter : nil,
            isLeftOut: bundle.leftOut.contains)
        guard plan.missing.isEmpty else {
            throw .baseMissing(
                base: bundle.description.base?.label ?? "", blobs: plan.missing.count,
                bytes: plan.missing.reduce(0) { $0 + $1.size }, images: references(of: Set(plan.missing.map(\.digest))))
        }
        return plan
    }

    /// The images that have one of `layers`.
    private func references(of layers: Set<Digest>) -> [String] {
        Set(images.filter { $0.layers.contains { layers.contains($0.digest) } }.flatMap(\.references)).sorted()
    }
}

extension BundleReader {
    /// `NAME-VERSION`, as it stands in containerd's labels.
    package var label: String { "\(description.name)-\(description.version)" }
}

/// Runs `body` with a connection to `node`, on a thread; a cancelled task ends its calls.
func withNode<Value: Sendable>(
    _ node: NodeOptions, _ body: @escaping @Sendable (ContainerdConnection) throws -> Value
) async throws -> Value {
    try await onCancellableThread("containerd") { cancellation throws in
        try body(ContainerdConnection(socket: node.socket, namespace: node.namespace, cancellation: cancellation))
    }
}

/// Runs `body` on a thread, with what is cancelled together with the task; then `CancellationError` is thrown.
private func onCancellableThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable (Cancellation) throws -> Value
) async throws -> Value {
    do {
        return try await onThread(name, body)
    } catch let error as ContainerdError where error.kind == .cancelled && Task.isCancelled {
        // Which call it was that had to end matters to nobody.
        throw CancellationError()
    }
}
