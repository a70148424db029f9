internal import BundleFormat
internal import Frames
internal import OCI
internal import Registry
internal import SystemPackage
internal import Threads

/// Fetches a build's payload and packs it at the same time, both largest first: while one blob is written, the next
/// ones come in.
struct BundlePacking: Sendable {
    private enum Outcome: Sendable {
        case fetched, scanned
        case packed(Digest, Int64)
        case failed(any Error)
    }

    /// A layer that is to be read.
    private struct Unread: Sendable {
        var layer: Descriptor
        /// Where it is read again; `nil`: in the cache.
        var packed: PackedBlob?
    }

    /// Each may need some 64 MiB.
    private static let scanners = 4

    private let build: BundleBuild
    private let assembly: BundleAssembly.Result
    private let contents: BundleContents
    /// `nil` for a bundle without a bill of materials.
    private let findings: LayerFindings?
    private let items: [Digest: BuildPlan.Item]
    private let board: FetchBoard
    private let fetch: PayloadFetch
    /// The layers to be read for the bill of materials: from the cache as they arrive there, or from the archive as they
    /// are packed.
    private let unread: BoundedQueue<Unread>

    init(_ build: BundleBuild, _ assembly: BundleAssembly.Result, _ findings: LayerFindings?) {
        self.build = build
        self.assembly = assembly
        self.findings = findings
        board = FetchBoard()
        fetch = PayloadFetch(build, board)
        contents = assembly.contents
        items = Dictionary(build.plan.payload.map { ($0.descriptor.digest, $0) }) { first, _ in first }
        let layers = findings?.layers.filter { [items] in items[$0.digest] != nil } ?? []
        unread = BoundedQueue(capacity: max(1, layers.count))
        // Without a cache they come when they are packed.
        guard findings == nil || build.options.cache != nil else { return }
        for layer in layers { unread.push(Unread(layer: layer)) }
        unread.close()
    }

    func run() async throws -> (digest: Digest, size: Int64) {
        var result: (digest: Digest, size: Int64)?
        var failures: [any Error] = []
        await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do {
                    if let cache = build.options.cache { try await fetch.run(build.plan.payload, into: cache) }
                    return .fetched
                } catch {
                    board.stop()
                    return .failed(error)
                }
            }
            group.addTask {
                do {
                    let (digest, size) = try await withTaskCancellationHandler {
                        try await onThread("pack") { try pack() }
                    } onCancel: {
                        board.stop()
                    }
                    return .packed(digest, size)
                } catch {
                    board.stop()
                    return .failed(error)
                }
            }
            for _ in 0..<min(Self.scanners, build.options.workers) {
                group.addTask {
                    do {
                        try await onThread("scan") { while let next = unread.pop() { try scan(next) } }
                        return .scanned
                    } catch {
                        board.stop()
                        return .failed(error)
                    }
                }
            }
            for await outcome in group {
                switch outcome {
                case .fetched, .scanned: break
                case .packed(let digest, let size): result = (digest, size)
                case .failed(let error):
                    failures.append(error)
                    group.cancelAll()
                }
            }
        }
        // When one side fails the other is stopped; the reason is what is worth telling.
        let reason = failures.first { !($0 is FetchBoard.Stopped) && !($0 is CancellationError) }
        if let reason { throw reason }
        guard let result, failures.isEmpty else { throw CancellationError() }
        return result
    }

    private func scan(_ unread: Unread) throws {
        let layer = unread.layer
        if let findings, findings.wants(layer.digest), !findings.recall(layer.digest) {
            try findings.scan(layer.digest, WatchedPayload(try payload(of: unread), board) { _ in })
        }
        board.finishScan(of: layer.digest)
    }

    private func payload(of unread: Unread) throws -> any PayloadSource {
        let layer = unread.layer
        if let packed = unread.packed {
            guard let payload = try packed.payload() else { throw FetchBoard.Stopped() }
            return payload
        }
        guard let cache = build.options.cache else { throw FetchBoard.Stopped() }
        try board.wait(for: layer.digest)
        return try FilePayload(
            layer, at: cache.path(of: layer.digest), isVerified: fetch.verified.contains(layer.digest))
    }

    /// In one-pass mode the archive is the only place where a layer can be read again; most of it is still in memory.
    private func offer(_ blob: PackedBlob) {
        guard build.options.cache == nil, findings?.isLayer(blob.descriptor.digest) == true else { return }
        unread.push(Unread(layer: blob.descriptor, packed: blob))
    }

    /// The bill of materials, when all layers have been read.
    private func appendix() throws -> BundleAppendix? {
        guard let findings else { return nil }
        try board.waitForScans(of: findings.layers.map(\.digest))
        let appendix = try assembly.appendix(findings.all)
        return try build.options.signer.map { try appendix.signed(by: $0) } ?? appendix
    }

    /// The archive, or the list of its parts, gets its name last: where it is there, so is all that belongs to it. What
    /// stood there in the other form is replaced, too.
    private func pack() throws -> (Digest, Int64) {
        defer { unread.close() }
        let output = build.plan.output
        if let limit = build.options.partSize {
            let list = try PartsWriter.write(output, limit: limit) { target in
                let archive = try pack(to: target)
                try InstallerFiles.place(build.installers, in: build.options.output)
                return archive
            }
            try ChecksumFile.remove(archive: output)
            return (list.digest, list.size)
        }
        let archive = try DurableFile.write(to: output) { file, temporary in
            let archive = try pack(to: .file(file, temporary))
            try DurableFile.sync(file, temporary)
            try ChecksumFile.write(archive.digest, of: output)
            try InstallerFiles.place(build.installers, in: build.options.output)
            return archive
        }
        try PartsWriter.remove(output)
        return archive
    }

    private func pack(to target: ArchiveTarget) throws -> (digest: Digest, size: Int64) {
        let streams = StreamWindow(build, contents.payload.compactMap { items[$0.digest] })
        return try BundleWriter(contents).write(
            to: target, workers: build.options.workers, packed: findings == nil ? nil : { offer($0) }
        ) { descriptor in
            try payload(descriptor, streams)
        } progress: { count in
            guard !board.isStopped else { throw FetchBoard.Stopped() }
            build.observe(.packed(count))
        } appendix: {
            unread.close()
            return try appendix()
        }
    }

    private func payload(_ descriptor: Descriptor, _ streams: StreamWindow) throws -> any PayloadSource {
        guard let item = items[descriptor.digest] else {
            throw BundleError.payload(digest: descriptor.digest.description, reason: "nothing in the plan has it")
        }
        if case .file(let path) = item.source { return try FilePayload(descriptor, at: path, isVerified: false) }
        guard let cache = build.options.cache else { return try streams.next(descriptor) }
        try board.wait(for: descriptor.digest)
        return try FilePayload(
            descriptor, at: cache.path(of: descriptor.digest), isVerified: fetch.verified.contains(descriptor.digest))
    }
}

/// The streams of one-pass mode: the one that is packed, and a few more that fill their buffers meanwhile.
private final class StreamWindow {
    private static let ahead = 3

    private let build: BundleBuild
    private var waiting: ArraySlice<BuildPlan.Item>
    private var open: [(digest: Digest, stream: BlobStream)] = []

    init(_ build: BundleBuild, _ items: [BuildPlan.Item]) {
        self.build = build
        waiting =
            build.options.cache == nil
            ? items.filter { if case .file = $0.source { false } else { true } }[...] : []
    }

    deinit { for (_, stream) in open { stream.cancel() } }

    func next(_ descriptor: Descriptor) throws -> StreamPayload {
        while open.count <= Self.ahead, let item = waiting.popFirst() {
            build.observe(.fetching(item.descriptor, of: item.name))
            switch item.source {
            case .registry(let reference):
                open.append((item.descriptor.digest, build.client.stream(item.descriptor, of: reference)))
            case .url(let url):
                open.append((item.descriptor.digest, build.client.stream(item.descriptor, url: url)))
            case .file, .encoded: break
            }
        }
        guard let first = open.first, first.digest == descriptor.digest else {
            throw BundleError.payload(digest: descriptor.digest.description, reason: "its turn has not come")
        }
        open.removeFirst()
        return StreamPayload(first.stream)
    }
}
