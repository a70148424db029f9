internal import Definition
internal import OCI
internal import SystemPackage
internal import Threads

/// Fetches layers and encodes them anew at the same time: while one is encoded, the next ones come in.
struct EncodedLayers: Sendable {
    /// A layer, and the diff IDs that images claim for it.
    struct Job: Sendable {
        var item: BuildPlan.Item
        var expected: [Digest: ImageReference]
    }

    private let build: BundleBuild
    private let cache: BlobCache
    private let jobs: [Job]
    private let made = Lock<[Digest: LayerEncoding]>([:])

    init(_ build: BundleBuild, _ cache: BlobCache, _ jobs: [Job]) {
        self.build = build
        self.cache = cache
        self.jobs = jobs
    }

    /// Returns what became of each layer; what earlier builds have made is taken as it is.
    func run() async throws -> [Digest: LayerEncoding] {
        var missing: [Job] = []
        for job in jobs {
            if let known = cache.encoding(of: job.item.descriptor, telling: job.expected.keys) {
                try known.check(job.expected, of: job.item.descriptor.digest)
                made.withLock { $0[job.item.descriptor.digest] = known }
            } else {
                missing.append(job)
            }
        }
        var attempts = 0
        while !missing.isEmpty {
            do {
                try await encode(missing)
                break
            } catch let damage as FilePayload.Corrupted where attempts < 3 {
                attempts += 1
                build.observe(.warning("\(damage.path) was damaged in the cache; it is fetched again"))
                cache.remove(damage.descriptor.digest)
                missing.removeAll { job in made.withLock { $0[job.item.descriptor.digest] != nil } }
            }
        }
        return made.withLock { $0 }
    }

    private func encode(_ jobs: [Job]) async throws {
        let board = FetchBoard()
        let fetch = PayloadFetch(build, board)
        let queue = BoundedQueue<Job>(capacity: jobs.count)
        for job in jobs { queue.push(job) }
        queue.close()
        var failures: [any Error] = []
        await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask { await failure(stopping: board) { try await fetch.run(jobs.map(\.item), into: cache) } }
            for _ in 0..<min(build.options.workers, jobs.count) {
                group.addTask {
                    await failure(stopping: board) {
                        while let job = queue.pop() { try await encode(job, board, fetch.verified) }
                    }
                }
            }
            for await case let error? in group {
                failures.append(error)
                group.cancelAll()
            }
        }
        // When one side fails the other is stopped; the reason is what is worth telling.
        let reason = failures.first { !($0 is FetchBoard.Stopped) && !($0 is CancellationError) }
        if let reason { throw reason }
        guard failures.isEmpty else { throw CancellationError() }
    }

    private func failure(
        stopping board: FetchBoard, _ body: @Sendable () async throws -> Void
    ) async -> (any Error)? {
        do {
            try await withTaskCancellationHandler {
                try await body()
            } onCancel: {
                board.stop()
            }
            return nil
        } catch {
            board.stop()
            return error
        }
    }

    private func encode(_ job: Job, _ board: FetchBoard, _ verified: VerifiedBlobs) async throws {
        let layer = job.item.descriptor
        let (cache, build) = (self.cache, self.build)
        try await onThread("encode") { try board.wait(for: layer.digest) }
        let encoding = try await cache.add(encodingOf: layer, telling: job.expected.keys) { path in
            try await onThread("encode") {
                let source = WatchedPayload(
                    try FilePayload(
                        layer, at: cache.path(of: layer.digest), isVerified: verified.contains(layer.digest)),
                    board
                ) { build.observe(.encoding($0)) }
                return try LayerEncoding.make(of: layer, from: source, at: path, expected: job.expected)
            }
        }
        // Another build may have made it, which did not know what these images claim.
        try encoding.check(job.expected, of: layer.digest)
        made.withLock { $0[layer.digest] = encoding }
    }
}
