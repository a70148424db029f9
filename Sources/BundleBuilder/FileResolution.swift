internal import BundleFormat
internal import Definition
internal import OCI
internal import SystemPackage

/// Finds every file of a bundle and makes sure that it is the one that was locked.
struct FileResolution {
    let inputs: BundleInputs
    let lock: ImagesLock
    let lockPath: FilePath
    /// What is taken in the place of the definition's sources.
    let local: LocalFiles
    let observe: BuildObserver

    func resolve() throws -> [ResolvedFile] {
        try local.requireUse(in: inputs.definition)
        try requireLockedCharts()
        return try inputs.requiredFiles().map(resolve)
    }

    /// The manifests of the charts are in the inputs; what they were made of must be what was locked.
    private func requireLockedCharts() throws {
        let files = lock.files(for: inputs.definition.name)
        for chart in inputs.charts {
            guard let locked = files.first(where: { $0.name == chart.name }), locked.source == chart.source else {
                throw BuildError.notLocked(names: [chart.name], lock: lockPath)
            }
            guard let pinned = locked.content else { throw BuildError.unresolved(names: [chart.name], lock: lockPath) }
            guard let found = chart.content, found != pinned else { continue }
            throw BuildError.otherChart(name: chart.name, locked: pinned.digest, now: found.digest)
        }
    }

    private func resolve(_ file: RequiredFile) throws -> ResolvedFile {
        let locked = lock.files(for: inputs.definition.name).first {
            $0.name == file.name && $0.platform == file.platform
        }
        let mediaType: MediaType = file.isKubernetesBinary ? .kubernetesBinary : .file
        func resolved(_ content: ImagesLock.File.Content, _ source: BuildPlan.Source) -> ResolvedFile {
            ResolvedFile(
                title: title(of: file),
                descriptor: Descriptor(mediaType: mediaType, digest: content.digest, size: content.size),
                source: source, mode: file.mode, platform: file.platform)
        }
        if let path = local[file] {
            let found = try digest(ofFileAt: path)
            if let expected = locked?.content?.digest ?? definedDigest(of: file), expected != found.digest {
                throw BuildError.wrongFile(
                    name: file.name, path: path, expected: expected, found: found.digest)
            }
            if locked?.content == nil {
                observe(.warning("\(path) is packed as it is: \(lockPath) does not pin \(file.name)"))
            }
            return resolved(found, .file(path))
        }
        guard let locked, locked.source == file.lockSource else {
            throw BuildError.notLocked(names: [file.name], lock: lockPath)
        }
        guard let content = locked.content else {
            if file.isKubernetesBinary, let kubernetes = inputs.definition.kubernetes, let platform = file.platform {
                throw BuildError.noBinary(
                    distribution: kubernetes.distribution, version: kubernetes.version, platform)
            }
            throw BuildError.unresolved(names: [file.name], lock: lockPath)
        }
        if let defined = definedDigest(of: file), defined != content.digest {
            throw BuildError.wrongFile(name: file.name, path: lockPath, expected: defined, found: content.digest)
        }
        switch file.source.place {
        case .url(let url): return resolved(content, .url(url))
        case .file(let local):
            let found = try digest(ofFileAt: local.location)
            guard found == content else {
                throw BuildError.wrongFile(
                    name: file.name, path: local.location, expected: content.digest, found: found.digest)
            }
            return resolved(content, .file(local.location))
        }
    }

    private func definedDigest(of file: RequiredFile) -> Digest? {
        if case .digest(let digest) = file.source.checksum { digest } else { nil }
    }

    private func title(of file: RequiredFile) -> String {
        guard file.isKubernetesBinary, let platform = file.platform else { return "files/\(file.name)" }
        return "kubernetes/\(file.name)-\(platform.os)-\(platform.architecture)"
    }
}
