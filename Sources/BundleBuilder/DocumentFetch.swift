internal import Definition
internal import FoundationEssentials
internal import OCI
internal import Registry

/// Gets every index, manifest and config of a build: from the cache, or from the registries by digest.
struct DocumentFetch: Sendable {
    private let build: BundleBuild

    init(_ build: BundleBuild) { self.build = build }

    func run() async throws -> [Digest: Data] {
        var documents: [Digest: Data] = [:]
        try await withThrowingTaskGroup(of: (Digest, Data).self) { group in
            var waiting = build.plan.documents[...]
            func start() {
                guard let item = waiting.popFirst() else { return }
                group.addTask { (item.descriptor.digest, try await bytes(of: item)) }
            }
            for _ in 0..<build.options.jobs { start() }
            while let (digest, bytes) = try await group.next() {
                documents[digest] = bytes
                start()
            }
        }
        return documents
    }

    private func bytes(of item: BuildPlan.Item) async throws -> Data {
        if let known = build.options.cache?.bytes(of: item.descriptor) { return known }
        guard case .registry(let reference) = item.source else { return Data() }
        build.observe(.fetching(item.descriptor, of: item.name))
        let bytes: Data
        do {
            bytes =
                switch item.descriptor.mediaType.role {
                case .index, .manifest: try await build.client.manifest(item.descriptor, of: reference).bytes
                case .config, .layer, .other: try await build.client.blob(item.descriptor, of: reference)
                }
        } catch {
            throw await build.explained(error, item, reference)
        }
        try build.options.cache?.add(bytes, as: item.descriptor.digest)
        build.observe(.received(item.descriptor, item.descriptor.size))
        build.observe(.fetched(item.descriptor))
        return bytes
    }
}

extension BundleBuild {
    /// A registry's error with who asked for the image; where the locked content is gone, what the tag is now.
    func explained(_ error: RegistryError, _ item: BuildPlan.Item, _ reference: ImageReference) async -> any Error {
        guard error.category != .cancelled else { return CancellationError() }
        if error.category == .notFound, reference.digest == nil,
            let locked = lock[reference]?.resolution?.target.digest,
            let now = try? await client.resolve(reference).descriptor.digest,  // only to say more; the error stands
            now != locked
        {
            return BuildError.moved(reference, locked: locked, now: now)
        }
        return BuildError.fetching(reference, askedBy: inputs.place(of: reference), error)
    }
}
