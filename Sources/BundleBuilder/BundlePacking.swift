internal import BundleFormat
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

    /// Each needs some 64 MiB.
    private static let scanners = 4

    private let build: BundleBuild
    private let assembly: BundleAssembly.Result
    private let contents: BundleContents
    /// `nil` for a bundle without a bill of materials.
    private let findings: LayerFindings?
    private let items: [Digest: BuildPlan.Item]
    private let board: FetchBoard
    private let fetch: PayloadFetch

    init(_ build: BundleBuild, _ assembly: BundleAssembly.Result, _ findings: LayerFindings?) {
        self.build = build
        self.assembly = assembly
        self.findings = findings
        board = FetchBoard()
        fetch = PayloadFetch(build, board)
        contents = assembly.contents
        items = Dictionary(build.plan.payload.map { ($0.descriptor.digest, $0) }) { first, _ in first }
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
                    return .failed(error)
                }
            }
            let pending = waitingLayers()
            for _ in 0..<min(Self.scanners, build.options.workers) {
                group.addTask {
                    do {
                        try await onThread("scan") { while let layer = pending.pop() { try scan(layer) } }
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

    /// The layers that are read from the cache as they arrive there; none where there is no cache.
    private func waitingLayers() -> BoundedQueue<Descriptor> {
        let layers = findings?.layers.filter { items[$0.digest] != nil } ?? []
        let queue = BoundedQueue<Descriptor>(capacity: max(1, layers.count))
        if build.options.cache != nil { for layer in layers { queue.push(layer) } }
        queue.close()
        return queue
    }

    private func scan(_ layer: Descriptor) throws {
        guard let findings, let cache = build.options.cache else { return }
        if findings.wants(layer.digest), !findings.recall(layer.digest) {
            try board.wait(for: layer.digest)
            let isVerified = fetch.verified.contains(layer.digest)
            try findings.scan(
                layer.digest, FilePayload(layer, at: cache.path(of: layer.digest), isVerified: isVerified))
        }
        board.finishScan(of: layer.digest)
    }

    /// The bill of materials, when all layers have been read.
    private func appendix() throws -> BundleAppendix? {
        guard let findings else { return nil }
        try board.waitForScans(of: findings.layers.map(\.digest))
        let appendix = try assembly.appendix(findings.all)
        return try build.options.signer.map { try appendix.signed(by: $0) } ?? appendix
    }

    /// The archive gets its name last: where it is there, so is all that belongs to it.
    private func pack() throws -> (Digest, Int64) {
        let streams = StreamWindow(build, contents.payload.compactMap { items[$0.digest] })
        return try DurableFile.write(to: build.plan.output) { file, temporary in
            let (digest, size) = try BundleWriter(contents).write(
                to: file, at: temporary, workers: build.options.workers
            ) { descriptor in
                try payload(descriptor, streams)
            } progress: { count in
                guard !board.isStopped else { throw FetchBoard.Stopped() }
                build.observe(.packed(count))
            } appendix: {
                try appendix()
            }
            try DurableFile.sync(file, temporary)
            try ChecksumFile.write(digest, of: build.plan.output)
            try InstallerFiles.place(build.installers, in: build.options.output)
            return (digest, size)
        }
    }

    private func payload(_ descriptor: Descriptor, _ streams: StreamWindow) throws -> any PayloadSource {
        guard let item = items[descriptor.digest] else {
            throw BundleError.payload(digest: descriptor.digest.description, reason: "nothing in the plan has it")
        }
        if case .file(let path) = item.source { return try FilePayload(descriptor, at: path, isVerified: false) }
        guard let cache = build.options.cache else { return try tapped(try streams.next(descriptor), descriptor) }
        try board.wait(for: descriptor.digest)
        return try FilePayload(
            descriptor, at: cache.path(of: descriptor.digest), isVerified: fetch.verified.contains(descriptor.digest))
    }
}

extension BundlePacking {
    /// A blob that nobody can read again; where it is a layer, what it holds is found on the way.
    private func tapped(_ stream: StreamPayload, _ descriptor: Descriptor) throws -> any PayloadSource {
        guard let findings, findings.wants(descriptor.digest) else { return stream }
        try board.openTap(limit: Self.scanners)
        return TappedPayload(stream) { source in
            try findings.scan(descriptor.digest, source)
        } done: { [board] in
            board.finishScan(of: descriptor.digest)
            board.closeTap()
        }
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
