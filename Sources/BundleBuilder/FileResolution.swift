internal import BundleFormat
internal import Definition
internal import OCI
internal import SystemPackage

/// Finds every file of a bundle and makes sure that it is the one that was locked.
struct FileResolution {
    let inputs: BundleInputs
    let lock: ImagesLock
    let lockPath: FilePath
    /// Given by `--kubernetes-binary`.
    let kubernetesBinary: FilePath?
    let observe: BuildObserver

    func resolve() throws -> [ResolvedFile] { try inputs.requiredFiles().map(resolve) }

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
        if file.isKubernetesBinary, let kubernetesBinary {
            let found = try digest(ofFileAt: kubernetesBinary)
            if let expected = locked?.content?.digest ?? definedDigest(of: file), expected != found.digest {
                throw BuildError.wrongFile(
                    name: file.name, path: kubernetesBinary, expected: expected, found: found.digest)
            }
            if locked?.content == nil {
                observe(.warning("\(kubernetesBinary) is packed as it is: \(lockPath) does not pin \(file.name)"))
            }
            return resolved(found, .file(kubernetesBinary))
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
