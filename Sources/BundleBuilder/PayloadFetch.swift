internal import OCI
internal import Registry
internal import SystemPackage
internal import Threads

/// Fetches blobs of a build's payload into its cache, in their order, and says on a board what has come.
struct PayloadFetch: Sendable {
    private let build: BundleBuild
    private let board: FetchBoard
    /// What this very run has written and checked; it needs no second look.
    let verified = VerifiedBlobs()

    init(_ build: BundleBuild, _ board: FetchBoard) {
        self.build = build
        self.board = board
    }

    func run(_ items: [BuildPlan.Item], into cache: BlobCache) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var waiting = items[...]
            func start() {
                guard let item = waiting.popFirst() else { return }
                group.addTask {
                    try await fetch(item, into: cache)
                    board.arrive(item.descriptor.digest)
                }
            }
            for _ in 0..<build.options.jobs { start() }
            while try await group.next() != nil { start() }
        }
    }

    private func fetch(_ item: BuildPlan.Item, into cache: BlobCache) async throws {
        switch item.source {
        case .file, .encoded: return
        case .registry, .url: break
        }
        let build = self.build
        let verified = self.verified
        try await cache.add(item.descriptor) { path in
            build.observe(.fetching(item.descriptor, of: item.name))
            // What an earlier run left is counted by the transfer, but not among what the plan has to fetch.
            build.observe(.received(item.descriptor, -item.partial))
            do throws(RegistryError) {
                switch item.source {
                case .registry(let reference):
                    try await build.client.download(item.descriptor, of: reference, to: path) {
                        build.observe(.received(item.descriptor, $0))
                    }
                case .url(let url):
                    _ = try await build.client.download(
                        url: url, expecting: (item.descriptor.digest, item.descriptor.size), to: path
                    ) { build.observe(.received(item.descriptor, $0)) }
                case .file, .encoded: return
                }
            } catch {
                guard case .registry(let reference) = item.source else { throw error }
                throw await build.explained(error, item, reference)
            }
            verified.insert(item.descriptor.digest)
            build.observe(.fetched(item.descriptor))
        }
    }
}

/// Digests of blobs that this run has checked while it wrote them.
final class VerifiedBlobs: Sendable {
    private let digests = Lock<Set<Digest>>([])

    func insert(_ digest: Digest) { digests.withLock { _ = $0.insert(digest) } }

    func contains(_ digest: Digest) -> Bool { digests.withLock { $0.contains(digest) } }
}
