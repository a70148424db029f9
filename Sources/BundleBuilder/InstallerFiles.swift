internal import BundleFormat
internal import Definition
internal import OCI
internal import Subprocess
internal import SystemPackage
internal import Threads

/// The installers that travel with a bundle: exactly those of this very version.
struct InstallerFiles {
    private let paths: [Platform: FilePath]
    private let platforms: [Platform]
    private let observe: BuildObserver

    init(_ paths: [Platform: FilePath], platforms: [Platform], observe: @escaping BuildObserver) {
        self.paths = paths
        self.platforms = platforms
        self.observe = observe
    }

    func resolve() async throws -> [ResolvedFile] {
        var files: [ResolvedFile] = []
        for platform in platforms {
            guard let path = paths[platform] else {
                observe(.warning("no installer for \(platform) is packed; give one with --installer \(platform)=FILE"))
                continue
            }
            guard fileSize(path) != nil else { throw BuildError.noInstaller(platform, lookedAt: path) }
            if platform == .current { try await checkVersion(of: path) }
            let found = try await onThread("hash") { try digest(ofFileAt: path) }
            files.append(
                ResolvedFile(
                    title: "sealift-installer-\(platform.os)-\(platform.architecture)",
                    descriptor: Descriptor(mediaType: .installer, digest: found.digest, size: found.size),
                    source: .file(path), mode: "0755", platform: platform))
        }
        return files
    }

    private func checkVersion(of path: FilePath) async throws {
        // It needs nothing of ours, and our environment may hold secrets.
        do {
            let result = try await run(
                .path(path), arguments: ["--version"], environment: .custom([:]), output: .string(limit: 4096),
                error: .discarded)
            let version = result.standardOutput.prefix { !$0.isWhitespace }
            guard result.terminationStatus.isSuccess, version == SealiftVersion.current else {
                throw BuildError.installerVersion(path, found: version.isEmpty ? "unknown" : String(version))
            }
        } catch let error as SubprocessError {
            throw BuildError.system(action: "run", path, error.underlyingError ?? .ioError)
        }
    }

    /// Puts the installers beside the archive; one whose content is there already is left alone.
    static func place(_ installers: [ResolvedFile], in folder: FilePath) throws {
        for installer in installers {
            guard case .file(let source) = installer.source else { continue }
            let name = installers.count == 1 ? "sealift-installer" : installer.title
            let target = folder.appending(name)
            if fileSize(target) == installer.descriptor.size,
                try digest(ofFileAt: target).digest == installer.descriptor.digest
            {
                continue
            }
            let bytes = try readBytes(at: source)
            guard Digest.of(bytes) == installer.descriptor.digest else {
                throw BuildError.wrongFile(
                    name: name, path: source, expected: installer.descriptor.digest, found: .of(bytes))
            }
            try DurableFile.write(bytes, to: target, mode: FilePermissions(rawValue: 0o755))
        }
    }
}
