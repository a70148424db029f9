package import Definition
internal import Discovery
internal import FoundationEssentials
internal import ImageLayout
internal import OCI
package import Registry
internal import SystemPackage
internal import Threads

/// Asks the registries what every reference of a bundle is, and makes its part of the lock.
package struct LockResolver: Sendable {
    private let inputs: BundleInputs
    private let client: RegistryClient
    private let cache: BlobCache
    private let local: LocalFiles
    private let jobs: Int
    private let observe: BuildObserver

    /// - Parameters:
    ///   - inputs: the bundle.
    ///   - client: what the registries are asked through.
    ///   - cache: where downloaded files go, so that a build does not fetch them again.
    ///   - local: what stands for files of the bundle, which are then not downloaded and, unless the old lock pins them,
    ///     stay unresolved.
    ///   - jobs: how many references are resolved at a time.
    ///   - observe: told what happens.
    package init(
        inputs: BundleInputs, client: RegistryClient, cache: BlobCache, local: LocalFiles, jobs: Int,
        observe: @escaping BuildObserver
    ) {
        self.inputs = inputs
        self.client = client
        self.cache = cache
        self.local = local
        self.jobs = max(1, jobs)
        self.observe = observe
    }

    /// `old` with this bundle's part as the registries have it now.
    package func resolve(into old: ImagesLock) async throws -> ImagesLock {
        try local.requireUse(in: inputs.definition)
        let images = inputs.discovery.images
        var entries: [ImagesLock.Entry] = []
        try await withThrowingTaskGroup(of: ImagesLock.Entry.self) { group in
            var waiting = images[...]
            for _ in 0..<jobs {
                guard let image = waiting.popFirst() else { break }
                group.addTask { try await entry(for: image) }
            }
            while let entry = try await group.next() {
                entries.append(entry)
                if let image = waiting.popFirst() { group.addTask { try await self.entry(for: image) } }
            }
        }
        var files: [ImagesLock.File] = []
        for file in inputs.requiredFiles() { files.append(try await lockedFile(file, old: old)) }
        return old.replacing(bundle: inputs.definition.name, images: entries, files: files + inputs.charts)
    }

    private func entry(for image: DiscoveredImage) async throws -> ImagesLock.Entry {
        observe(.resolving(image.reference))
        do {
            let resolution = try await resolution(of: image.reference)
            observe(.resolved(image.reference, resolution.target.digest))
            return ImagesLock.Entry(
                reference: image.written, name: image.reference, resolution: resolution,
                origins: inputs.origins(of: image))
        } catch let error as RegistryError where error.category != .cancelled {
            throw BuildError.fetching(image.reference, askedBy: image.firstPlace, error)
        }
    }

    private func resolution(of reference: ImageReference) async throws -> ImagesLock.Resolution {
        let target = try await client.resolve(reference)
        var platforms: [ImagesLock.PlatformImage] = []
        switch target {
        case .manifest(let manifest):
            let config = try await config(of: manifest.value, reference)
            guard inputs.platforms == [config.platform] else {
                let missing = inputs.platforms.first { $0 != config.platform } ?? config.platform
                throw platformMissing(reference, missing, offered: [config.platform.description])
            }
            platforms.append(try image(config.platform, manifest, reference))
        case .index(let index):
            for platform in inputs.platforms {
                guard let child = index.value.manifest(for: platform) else {
                    let same = index.value.manifests.first { $0.platform == platform }
                    if let same {
                        throw unusable(reference, "\(same.digest) is \(same.mediaType), not an image manifest")
                    }
                    let offered = index.value.manifests.compactMap(\.platform).filter { $0.os != "unknown" }
                    throw platformMissing(reference, platform, offered: offered.map(\.description))
                }
                guard case .manifest(let manifest) = try await client.manifest(child, of: reference) else {
                    throw unusable(reference, "\(child.digest) is an index inside an index")
                }
                platforms.append(try image(platform, manifest, reference))
            }
        }
        return ImagesLock.Resolution(target: target.descriptor, platforms: platforms)
    }

    private func config(of manifest: Manifest, _ reference: ImageReference) async throws -> ImageConfig {
        guard manifest.isImage else { throw noImage(manifest, reference) }
        let bytes = try await client.blob(manifest.config, of: reference)
        do {
            return try Document<ImageConfig>(bytes: bytes, mediaType: manifest.config.mediaType).value
        } catch {
            throw unusable(reference, "\(error)")
        }
    }

    private func noImage(_ manifest: Manifest, _ reference: ImageReference) -> BuildError {
        unusable(reference, "it is no container image but an artifact with config \(manifest.config.mediaType)")
    }

    private func unusable(_ reference: ImageReference, _ reason: String) -> BuildError {
        .unusable(reference, askedBy: inputs.place(of: reference), reason: reason)
    }

    private func platformMissing(_ reference: ImageReference, _ platform: Platform, offered: [String]) -> BuildError {
        .platformMissing(reference, platform, offered: offered, askedBy: inputs.place(of: reference))
    }

    /// The lock's form of `manifest`, in which everything must be what a build can use: nobody looks at it sooner.
    private func image(
        _ platform: Platform, _ manifest: Document<Manifest>, _ reference: ImageReference
    ) throws(BuildError) -> ImagesLock.PlatformImage {
        guard manifest.value.isImage else { throw noImage(manifest.value, reference) }
        if let other = manifest.value.layers.first(where: { $0.mediaType.role != .layer }) {
            throw unusable(
                reference, "its layer \(other.digest) has the media type '\(other.mediaType)', which is no layer's")
        }
        var graph = ImageGraph(platforms: [platform])
        do {
            for blob in [manifest.descriptor, manifest.value.config] + manifest.value.layers {
                try graph.addLayer(blob.bare)
            }
        } catch {
            throw unusable(reference, "\(error)")
        }
        return ImagesLock.PlatformImage(
            platform: platform, manifest: manifest.descriptor, config: manifest.value.config,
            layers: manifest.value.layers)
    }

    private func lockedFile(_ file: RequiredFile, old: ImagesLock) async throws -> ImagesLock.File {
        var locked = ImagesLock.File(
            name: file.name, bundle: inputs.definition.name, platform: file.platform, source: file.lockSource)
        let known = old.files(for: inputs.definition.name).first {
            $0.name == locked.name && $0.platform == locked.platform && $0.source == locked.source
        }
        if local[file] != nil {
            locked.content = known?.content
            return locked
        }
        let expected = try await expectedDigest(of: file)
        // A URL's content is not asked for again while what is expected of it hasn't changed.
        if let content = known?.content, content.digest == expected {
            locked.content = content
            return locked
        }
        switch file.source.place {
        case .file(let local):
            let found = try await onThread("hash") { try digest(ofFileAt: local.location) }
            if let expected, expected != found.digest {
                throw BuildError.wrongFile(
                    name: file.name, path: local.location, expected: expected, found: found.digest)
            }
            locked.content = found
        case .url(let url):
            locked.content = try await download(url, expecting: expected)
        }
        return locked
    }

    private func expectedDigest(of file: RequiredFile) async throws -> Digest? {
        switch file.source.checksum {
        case nil: return nil
        case .digest(let digest): return digest
        case .list(let list):
            guard case .url(let url) = file.source.place else { return nil }
            let text = try await client.text(url: list, maximumSize: 1 << 20)
            let asset = Self.assetName(of: url)
            for line in text.split(whereSeparator: \.isNewline) {
                // `sha256sum` prints HEX, a space, a space or '*', NAME.
                let fields = line.split(separator: " ", maxSplits: 1)
                guard fields.count == 2 else { continue }
                let name = fields[1].drop { $0 == " " || $0 == "*" }
                if name == asset { return try Digest(algorithm: .sha256, hex: fields[0].lowercased()) }
            }
            throw BuildError.notInChecksums(name: asset, url: url, list: list)
        }
    }

    /// The last component of a URL's path, with its percent-escapes resolved: `k0s-v1.36.3+k0s.0-amd64`.
    private static func assetName(of url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        let last = path.split(separator: "/").last.map(String.init) ?? url
        return last.percentDecoded ?? last
    }

    /// Downloads a file into the cache, to learn or to prove its digest.
    private func download(_ url: String, expecting expected: Digest?) async throws -> ImagesLock.File.Content {
        let client = self.client
        let found = try await cache.add(fetchedFrom: url) { partial in
            try await client.download(url: url, expecting: expected.map { ($0, nil) }, to: partial) { _ in }
        }
        return ImagesLock.File.Content(digest: found.digest, size: found.size)
    }
}

extension String {
    /// The text with `%XX` resolved (RFC 3986, 2.1); `nil` where an escape is broken.
    fileprivate var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
