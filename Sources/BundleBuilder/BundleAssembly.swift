internal import BundleFormat
internal import Definition
internal import Discovery
internal import FoundationEssentials
internal import ImageLayout
internal import OCI
internal import Packages
internal import SystemPackage

/// Puts a bundle's own documents together: description, artifact manifest, `index.json`.
struct BundleAssembly {
    let inputs: BundleInputs
    let lock: ImagesLock
    let entries: [ImagesLock.Entry]
    let files: [ResolvedFile]
    let installers: [ResolvedFile]
    /// Whether a bill of materials will stand behind the blobs.
    let hasBill: Bool
    /// The images in another encoding; `nil` for what the registries have.
    let encoded: EncodedImages?
    /// What a delta builds upon; `nil` for a bundle that has everything.
    let base: BundleDescription.Base?

    /// What a bundle consists of but for the bytes of its blobs.
    struct Result: Sendable {
        var contents: BundleContents
        var description: BundleDescription
        var index: Digest
        var graph: ImageGraph
        /// The artifact's layers.
        var files: [Descriptor]

        /// What stands behind the blobs, when it is known what is in the layers.
        func appendix(_ layers: [Digest: LayerPackages]) throws(BuildError) -> BundleAppendix {
            let bill = BillOfMaterials(
                bundle: description, index: index, images: graph.entries, files: files, layers: layers
            ).encoded()
            guard Int64(bill.count) <= BundleAppendix.billLimit else {
                throw .billTooLarge(bytes: Int64(bill.count), limit: BundleAppendix.billLimit)
            }
            return BundleAppendix(bill: Data(bill))
        }
    }

    /// Puts everything together, the members of the archive in order.
    ///
    /// - Parameter documents: the bytes of every index, manifest and config, verified.
    /// - Returns: all but the blobs.
    /// - Throws: ``BuildError`` where documents and lock contradict each other.
    func assemble(documents: [Digest: Data]) throws -> Result {
        // Where images were encoded anew, that what they were made of is what was locked has been seen then.
        var graph = try Self.graph(
            of: entries.map { entry in
                guard let encoding = entry.encoding else { return entry }
                return ImagesLock.Entry(
                    reference: entry.reference, name: entry.name, resolution: encoding, origins: entry.origins)
            }, for: inputs.platforms, documents: encoded?.documents ?? documents)
        let texts = try self.texts()
        let names = self.names()
        let described = try self.description(names)
        let description = try Document(encoding: described, mediaType: .bundleConfig)
        let layers = texts.map { layer($0.title, $0.mediaType, $0.bytes) } + (files + installers).map(layer)
        let artifact = try Document(
            encoding: Manifest(
                mediaType: .ociManifest, artifactType: MediaType.bundle.rawValue, config: description.descriptor,
                layers: layers), mediaType: .ociManifest)
        let index = try Document(
            encoding: BundleIndex.make(images: namedDescriptors(names), artifact: artifact.descriptor),
            mediaType: .ociIndex)
        var all = Dictionary(texts.map { (Digest.of($0.bytes), $0.bytes) }) { first, _ in first }
        try graph.add(artifact, as: artifact.descriptor)
        try graph.add(description, as: description.descriptor)
        for layer in layers {
            do {
                try layer.mediaType.isBundleText ? graph.addText(layer.bare) : graph.addLayer(layer.bare)
            } catch let error as GraphError {
                throw BundleError.payload(digest: layer.digest.description, reason: error.description)
            }
        }
        for digest in graph.documents.keys { all[digest] = nil }
        return Result(
            contents: BundleContents(
                index: index.bytes, graph: graph, texts: all, without: Set(base?.leftOut ?? [])),
            description: described, index: index.descriptor.digest, graph: graph, files: layers)
    }

    /// What `entries` lead to: one entry of the graph for each.
    static func graph(
        of entries: [ImagesLock.Entry], for platforms: [Platform], documents: [Digest: Data]
    ) throws -> ImageGraph {
        var graph = ImageGraph(platforms: platforms)
        for entry in entries {
            guard let resolution = entry.resolution else { continue }
            do {
                try graph.add(resolution.target) { descriptor in
                    guard let bytes = documents[descriptor.digest] else {
                        throw GraphError.contentDiffers(descriptor.digest, found: descriptor.digest)
                    }
                    return bytes
                }
            } catch let error as GraphError {
                throw BuildError.inconsistent(entry.name, reason: "\(error)")
            }
            try requireAgreement(of: resolution, with: graph.entries.last?.images ?? [], entry.name)
        }
        return graph
    }

    private static func requireAgreement(
        of resolution: ImagesLock.Resolution, with images: [ImageGraph.Image], _ name: ImageReference
    ) throws(BuildError) {
        for image in images {
            guard let locked = resolution[image.platform], locked.manifest.digest == image.manifest.descriptor.digest,
                locked.config.digest == image.config.digest,
                locked.layers == image.manifest.value.layers.map(\.bare)
            else {
                throw .inconsistent(name, reason: "its \(image.platform) manifest lists other content than the lock")
            }
        }
    }

    /// Every name that the runtime will be asked for, with what it points to.
    private func namedDescriptors(_ names: [ImageReference: [String]]) -> [(name: String, descriptor: Descriptor)] {
        var seen: Set<String> = []
        return entries.flatMap { entry -> [(name: String, descriptor: Descriptor)] in
            guard let target = entry.target else { return [] }
            return (names[entry.name] ?? []).filter { seen.insert($0).inserted }.map { ($0, target) }
        }
    }

    /// The names of each reference: `repo:tag` and `repo@digest`, also with the registry's digest where that is another.
    ///
    /// A reference with both gives its tag a name too, unless another reference has that tag for something else.
    private func names() -> [ImageReference: [String]] {
        var owners: [String: Set<Digest>] = [:]
        let plain = Set(entries.filter { $0.name.digest == nil }.compactMap(\.name.taggedName))
        for entry in entries {
            if let tagged = entry.name.taggedName, let target = entry.target,
                entry.name.digest == nil || !plain.contains(tagged)
            {
                owners[tagged, default: []].insert(target.digest)
            }
        }
        return Dictionary(
            entries.map { entry in
                guard let target = entry.target else { return (entry.name, []) }
                // Who asks for what the registry has gets what stands in its place.
                let digested = ([target.digest] + [entry.original].compactMap { $0 }).map(entry.name.digestedName)
                guard let tagged = entry.name.taggedName, owners[tagged] == [target.digest] else {
                    return (entry.name, digested)
                }
                return (entry.name, [tagged] + digested)
            }
        ) { first, _ in first }
    }

    private func description(_ names: [ImageReference: [String]]) throws -> BundleDescription {
        let definition = inputs.definition
        return BundleDescription(
            name: definition.name, version: definition.version, description: definition.description,
            platforms: inputs.platforms, kubernetes: kubernetes(),
            parameters: definition.parameters.map { parameter in
                var parameter = parameter
                parameter.value = inputs.values[parameter.name] ?? parameter.value
                parameter.isFrozen = inputs.discovery.frozenParameters.contains(parameter.name)
                return parameter
            },
            profiles: definition.profiles,
            stages: definition.stages.map {
                BundleDescription.Stage(
                    name: $0.name, manifests: $0.manifests.map(Self.title), checks: $0.checks.map(Self.title),
                    readyTimeout: $0.readyTimeout)
            },
            images: entries.compactMap { entry in
                entry.target.map {
                    BundleDescription.Image(
                        reference: entry.name.description, names: names[entry.name] ?? [], digest: $0.digest,
                        original: entry.original)
                }
            },
            files: definition.files.map { BundleDescription.File(name: "files/\($0.name)", mode: $0.mode) },
            requirements: inputs.discovery.requirements, profileRequirements: try inputs.profileRequirements(),
            hasBill: hasBill, replacements: encoded?.replacements ?? [], base: base,
            builtWith: SealiftVersion.current)
    }

    private func kubernetes() -> BundleDescription.Kubernetes? {
        inputs.definition.kubernetes.map { kubernetes in
            let binaries = files.filter { $0.descriptor.mediaType == .kubernetesBinary }
            return BundleDescription.Kubernetes(
                distribution: kubernetes.distribution, version: kubernetes.version,
                binaries: Dictionary(binaries.map { ($0.platform?.description ?? "", $0.title) }) { first, _ in first },
                config: kubernetes.config.map(Self.title),
                images: inputs.discovery.kubernetesImages.map(\.description))
        }
    }

    /// The small texts: manifests, checks, configuration, and this bundle's own part of the lock.
    private func texts() throws -> [(title: String, mediaType: MediaType, bytes: Data)] {
        let definition = inputs.definition
        var files: [(file: BundleFile, mediaType: MediaType)] = []
        if let config = definition.kubernetes?.config { files.append((config, .kubernetesConfig)) }
        files += definition.stages.flatMap { $0.manifests.map { ($0, .bundleManifest) } }
        files += definition.stages.flatMap { $0.checks.map { ($0, .bundleCheck) } }
        var seen: Set<String> = []
        let texts = try files.filter { seen.insert($0.file.path).inserted }.map { file, mediaType in
            (Self.title(file), mediaType, try file.isRendered ? Data(file.text().utf8) : readBytes(at: file.location))
        }
        let own = Data(lock.subset(for: definition.name).encoded().utf8)
        let originals = (encoded?.originals ?? []).map { bytes in
            ("originals/\(Digest.of(bytes).hex).json", MediaType.bundleOriginal, bytes)
        }
        return [("images.lock", .bundleLock, own)] + texts + originals
    }

    private static func title(_ file: BundleFile) -> String { "definition/\(file.path)" }

    private func layer(_ title: String, _ mediaType: MediaType, _ bytes: Data) -> Descriptor {
        Descriptor(
            mediaType: mediaType, digest: .of(bytes), size: Int64(bytes.count), annotations: [Annotation.title: title])
    }

    private func layer(_ file: ResolvedFile) -> Descriptor {
        var descriptor = file.descriptor
        descriptor.annotations = [Annotation.title: file.title]
        return descriptor
    }
}

extension ImagesLock.Entry {
    /// What the names point to in the bundle.
    fileprivate var target: Descriptor? { (encoding ?? resolution)?.target }

    /// The layers that the bundle needs for it.
    func layers(for platforms: [Platform]) -> [Descriptor] {
        platforms.flatMap { (encoding ?? resolution)?[$0]?.layers ?? [] }
    }

    /// The registry's digest, where the bundle has another one.
    fileprivate var original: Digest? {
        guard let resolution, let target, target.digest != resolution.target.digest else { return nil }
        return resolution.target.digest
    }
}
