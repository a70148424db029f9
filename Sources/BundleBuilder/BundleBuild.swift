internal import BundleFormat
package import Definition
internal import Discovery
internal import FoundationEssentials
internal import ImageLayout
package import OCI
package import Registry
package import Signatures
package import SystemPackage
internal import Threads

/// Builds one bundle: plan, fetch, pack; each step can be looked at before the next.
package struct BundleBuild: Sendable {
    /// What the user chose.
    package struct Options: Sendable {
        /// The folder for the archive and the installer.
        package var output: FilePath
        package var lock: FilePath
        /// `nil`: one pass from the registry into the archive, without a second copy.
        package var cache: BlobCache?
        /// How many blobs are fetched at a time.
        package var jobs: Int
        /// How many threads compress.
        package var workers: Int
        /// Whether an archive that is there may be replaced.
        package var isForced: Bool
        /// What is taken in the place of the definition's sources.
        package var local: LocalFiles
        /// The installers to pack, by platform.
        package var installers: [Platform: FilePath]
        /// Whether the packages in the layers are listed in a bill of materials.
        package var hasBill: Bool
        /// Signs the bundle; `nil` for one without a signature.
        package var signer: PrivateKey?
        /// What becomes of the images' layers.
        package var layers: LayerForm
        /// What the far side has already; `nil` for a bundle that has everything.
        package var base: DeltaBase?
        /// The bytes of each part, for an archive in parts; `nil` for one in one file.
        package var partSize: Int64?

        package init(
            output: FilePath, lock: FilePath, cache: BlobCache?, jobs: Int, workers: Int, isForced: Bool,
            local: LocalFiles, installers: [Platform: FilePath], hasBill: Bool = true, signer: PrivateKey? = nil,
            layers: LayerForm = .keep, base: DeltaBase? = nil, partSize: Int64? = nil
        ) {
            self.output = output
            self.lock = lock
            self.cache = cache
            self.jobs = max(1, jobs)
            self.workers = max(1, workers)
            self.isForced = isForced
            self.local = local
            self.installers = installers
            self.hasBill = hasBill
            self.signer = signer
            self.layers = layers
            self.base = base
            self.partSize = partSize
        }
    }

    /// What a bundle's layers are.
    package enum LayerForm: String, Sendable, CaseIterable {
        /// What the registries have, byte for byte.
        case keep
        /// Encoded anew, which takes a cache.
        case zstd
    }

    let inputs: BundleInputs
    let options: Options
    private(set) var lock: ImagesLock
    private(set) var entries: [ImagesLock.Entry]
    let files: [ResolvedFile]
    let installers: [ResolvedFile]
    let client: RegistryClient
    let observe: BuildObserver
    /// What the base of a delta has, by digest.
    private let holdings: [Digest: Int64]
    package private(set) var plan: BuildPlan

    /// Works out the plan; reads local files, asks no registry.
    ///
    /// Throws ``BuildError`` when the lock, a file, the installer or the output is not as it must be.
    package init(
        _ inputs: BundleInputs, lock: ImagesLock, options: Options, client: RegistryClient,
        observe: @escaping BuildObserver
    ) async throws {
        self.inputs = inputs
        self.options = options
        self.lock = lock
        self.client = client
        self.observe = observe
        entries = try Self.entries(of: inputs, in: lock, at: options.lock)
        let resolution = FileResolution(
            inputs: inputs, lock: lock, lockPath: options.lock, local: options.local,
            observe: observe)
        files = try await onThread("hash") { try resolution.resolve() }
        installers = try await InstallerFiles(options.installers, platforms: inputs.platforms, observe: observe)
            .resolve()
        let output = options.output.appending(
            BuildPlan.archiveName(inputs.definition, inputs.platforms, isDelta: options.base != nil))
        for there in [output, PartsList.path(for: output)] where !options.isForced && fileSize(there) != nil {
            throw BuildError.outputExists(there)
        }
        plan = BuildPlan(
            inputs, entries: entries, files: files + installers, cache: options.cache,
            encodes: options.layers == .zstd, output: output)
        holdings = options.base?.holdings(for: entries, of: inputs.platforms, cache: options.cache) ?? [:]
        // What is encoded anew gets its digests then.
        if options.layers == .keep { leaveHoldings() }
        if let limit = options.partSize {
            try requireFewParts(of: output, bytes: plan.bytesToPack, limit: limit)
        }
    }

    /// Leaves what the base has out of the plan.
    private mutating func leaveHoldings() {
        guard let base = options.base else { return }
        plan = plan.leaving { [holdings] in holdings[$0.digest] == $0.size }
        if plan.leftOut.isEmpty {
            observe(.warning("\(base.label) holds nothing of this bundle: the delta has everything"))
        }
    }

    /// The locked entries of exactly what the definition asks for.
    private static func entries(
        of inputs: BundleInputs, in lock: ImagesLock, at path: FilePath
    ) throws(BuildError) -> [ImagesLock.Entry] {
        let wanted = inputs.discovery.images.map { ($0, lock[$0.reference]) }
        let missing = wanted.filter { $0.1 == nil }.map(\.0.written)
        guard missing.isEmpty else { throw .notLocked(names: missing, lock: path) }
        let entries = wanted.compactMap(\.1)
        let unresolved = entries.filter { $0.resolution == nil }.map(\.reference)
        guard unresolved.isEmpty else { throw .unresolved(names: unresolved, lock: path) }
        for entry in entries {
            for platform in inputs.platforms where entry.resolution?[platform] == nil {
                throw .notLocked(names: ["\(entry.reference) for \(platform)"], lock: path)
            }
        }
        return entries
    }

    /// Does what the plan says; returns the path of the archive, or of the list of its parts, and the entries of the
    /// lock with what has become of them.
    package func run() async throws -> (archive: FilePath, entries: [ImagesLock.Entry]) {
        observe(.planned(plan))
        try makeFolders(options.output)
        try checkSpace()
        let documents = try await DocumentFetch(self).run()
        var ready = self
        let encoded = try await encode(documents)
        let assembled = try ready.assemble(encoded, documents: documents)
        if let encoded {
            observe(
                .encoded(
                    count: encoded.layers.filter { $0.key != $0.value.digest }.count, from: plan.payloadSize,
                    to: ready.plan.payloadSize, ready.plan))
        }
        let archive = try await ready.pack(assembled) { _ = try await encode(documents) }
        let path = options.partSize == nil ? plan.output : PartsList.path(for: plan.output)
        observe(.finished(path: path, digest: archive.digest, size: archive.size))
        return (path, ready.entries)
    }

    private func encode(_ documents: [Digest: Data]) async throws -> EncodedImages? {
        guard options.layers == .zstd, let cache = options.cache else { return nil }
        return try await EncodedImages.make(of: self, cache, entries: entries, documents: documents)
    }

    /// Puts the bundle together; plan and lock become those of what is packed.
    private mutating func assemble(
        _ encoded: EncodedImages?, documents: [Digest: Data]
    ) throws -> BundleAssembly.Result {
        entries = entries.map { entry in
            guard let resolution = entry.resolution else { return entry }
            return entry.encoded(as: encoded?.resolution(of: resolution, for: inputs.platforms))
        }
        lock = lock.withoutEncodings.noting(encodingsOf: entries)
        if let encoded {
            let layers = entries.flatMap { $0.layers(for: inputs.platforms) }
            let needed = Set((layers + (files + installers).map(\.descriptor)).map(\.digest))
            plan = plan.replacing(encoded.layers, needed: needed.contains)
            leaveHoldings()
        }
        let assembly = BundleAssembly(
            inputs: inputs, lock: lock, entries: entries, files: files, installers: installers,
            hasBill: options.hasBill, encoded: encoded,
            base: options.base.map { base in
                BundleDescription.Base(
                    index: base.index, name: base.name, version: base.version,
                    leftOut: plan.leftOut.map(\.descriptor.digest))
            })
        var assembled = try assembly.assemble(documents: documents)
        if let signer = options.signer { assembled.contents = try assembled.contents.signed(by: signer) }
        return assembled
    }

    /// Packs; where a blob of the cache turns out to be damaged, all that are it are fetched again, or made again by
    /// `encode`, and packing starts anew.
    private func pack(
        _ assembled: BundleAssembly.Result, encode: () async throws -> Void
    ) async throws -> (digest: Digest, size: Int64) {
        let originals = Dictionary(
            plan.payload.compactMap { item in
                if case .encoded(let layer) = item.source { (item.descriptor.digest, layer) } else { nil }
            }
        ) { first, _ in first }
        let findings =
            options.hasBill
            ? LayerFindings(layers(of: assembled), originals: originals, cache: options.cache) : nil
        var attempts = 0
        while true {
            do {
                return try await BundlePacking(self, assembled, findings).run()
            } catch let damage as FilePayload.Corrupted {
                guard let cache = options.cache, damage.path == cache.path(of: damage.descriptor.digest), attempts < 3
                else {
                    throw BuildError.wrongFile(
                        name: damage.path.lastComponent?.string ?? "the file", path: damage.path,
                        expected: damage.descriptor.digest, found: damage.found)
                }
                attempts += 1
                try await onThread("hash") { try removeDamaged(from: cache) }
                try await encode()
            }
        }
    }

    /// What images bring, in the order in which it is fetched and packed.
    private func layers(of assembled: BundleAssembly.Result) -> [Descriptor] {
        let packed = Set(assembled.contents.payload.map(\.digest))
        return plan.payload.filter { item in
            switch item.source {
            case .registry, .encoded: packed.contains(item.descriptor.digest)
            case .url, .file: false
            }
        }.map(\.descriptor)
    }

    /// A power cut may have taken any number of them; to find one a run would take as many runs.
    private func removeDamaged(from cache: BlobCache) throws {
        for item in plan.payload where cache.contains(item.descriptor) {
            let path = cache.path(of: item.descriptor.digest)
            guard try Self.isDamaged(item.descriptor, at: path) else { continue }
            let isMade = if case .encoded = item.source { true } else { false }
            observe(.warning("\(path) was damaged in the cache; it is \(isMade ? "made" : "fetched") again"))
            cache.remove(item.descriptor.digest)
        }
    }

    private static func isDamaged(_ descriptor: Descriptor, at path: FilePath) throws -> Bool {
        let payload = try FilePayload(descriptor, at: path, isVerified: false)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        do {
            while try payload.read(into: buffer) > 0 {}
            return false
        } catch is FilePayload.Corrupted {
            return true
        }
    }

    /// Refuses to start what would fill the disk.
    private func checkSpace() throws(BuildError) {
        // Compression only ever makes it smaller but for a few bytes a frame.
        let archive = BuildPlan.total([plan.bytesToPack, plan.bytesToPack / 1000, 8 << 20])
        let output = try freeSpace(at: options.output)
        var needed = archive
        if let cache = options.cache {
            let store = try freeSpace(at: cache.root)
            var toKeep = plan.bytesToFetch
            // Encoded anew, layers are rarely larger; how many have been before is not worth finding out here.
            if options.layers == .zstd { toKeep = BuildPlan.total([toKeep, plan.payloadSize]) }
            if store.fileSystem == output.fileSystem {
                needed = BuildPlan.total([needed, toKeep])
            } else if store.bytes < toKeep {
                throw .notEnoughSpace(cache.root, needed: toKeep, free: store.bytes)
            }
        }
        guard output.bytes >= needed else {
            throw .notEnoughSpace(options.output, needed: needed, free: output.bytes)
        }
    }
}
