package import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
package import OCI
package import SystemPackage

/// The files of a bundle's artifact, by title.
///
/// The archive's reader proves digests; that titles are safe, unique, and fit the description is proven here, before
/// anything is written anywhere.
package struct BundleFiles: Sendable {
    private let bundle: BundleReader
    private let layers: [String: Descriptor]

    /// The largest manifest, check or configuration.
    private static let textLimit: Int64 = 16 << 20

    /// Takes the layers' titles; throws ``InstallError/artifact(path:reason:)`` where they can't be used.
    package init(of bundle: BundleReader) throws(InstallError) {
        self.bundle = bundle
        func refused(_ reason: String) -> InstallError { .artifact(path: bundle.path, reason: reason) }
        var layers: [String: Descriptor] = [:]
        for layer in bundle.artifact.value.layers {
            guard let title = layer.annotations?[Annotation.title] else {
                throw refused("the file \(layer.digest) has no title")
            }
            guard Self.isSafe(title) else { throw refused("the title '\(title)' may lead outside its folder") }
            guard layers.updateValue(layer, forKey: title) == nil else {
                throw refused("the title '\(title)' is there twice")
            }
        }
        self.layers = layers
        for (title, type) in Self.needed(by: bundle.description) {
            guard let layer = layers[title] else { throw refused("'\(title)' is missing") }
            guard layer.mediaType == type else { throw refused("'\(title)' is \(layer.mediaType), not \(type)") }
        }
    }

    /// All titles, sorted.
    package var titles: [String] { layers.keys.sorted() }

    /// The digest and length of the file of `title`, which the description names.
    package func descriptor(_ title: String) throws(InstallError) -> Descriptor {
        guard let layer = layers[title] else {
            throw .artifact(path: bundle.path, reason: "'\(title)' is missing")
        }
        return layer
    }

    /// A small text.
    package func text(_ title: String) throws -> String {
        let layer = try descriptor(title)
        guard layer.size <= Self.textLimit else {
            throw InstallError.artifact(
                path: bundle.path, reason: "'\(title)' has \(layer.size) bytes; at most \(Self.textLimit) are read")
        }
        var bytes = Data(capacity: Int(layer.size))
        try read(layer, title) { bytes.append(contentsOf: $0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InstallError.artifact(path: bundle.path, reason: "'\(title)' is not UTF-8 text")
        }
        return text
    }

    /// Writes a file to `path` whole or not at all, and only where its bytes have the right digest.
    package func extract(_ title: String, to path: FilePath, mode: FilePermissions) throws {
        _ = try descriptor(title)
        try DurableFile.write(to: path, mode: mode) { file, temporary in try copy(title, to: file) }
    }

    /// Writes a file's bytes to `target`; throws after the last where they don't have the right digest.
    package func copy(_ title: String, to target: FileDescriptor) throws {
        try read(try descriptor(title), title) { piece in
            do {
                _ = try target.writeAll(piece)
            } catch {
                throw InstallError.system(action: "write", path: FilePath(title), errno: error as? Errno ?? .ioError)
            }
        }
    }

    private func read(_ layer: Descriptor, _ title: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let range = try bundle.blobRanges()[layer.digest] else {
            throw InstallError.artifact(path: bundle.path, reason: "'\(title)' is missing")
        }
        var hasher = DigestHasher()
        try FrameReader(bundle.file).read(range) { piece in
            hasher.update(piece)
            try body(piece)
        }
        guard hasher.digest() == layer.digest else {
            throw InstallError.damaged(path: bundle.path, faults: 1, first: "'\(title)' does not match its digest")
        }
    }

    /// Every title that the description relies on, with the media type that it must have.
    private static func needed(by description: BundleDescription) -> [(String, MediaType)] {
        var needed: [(String, MediaType)] = []
        for stage in description.stages {
            needed += stage.manifests.map { ($0, .bundleManifest) } + stage.checks.map { ($0, .bundleCheck) }
        }
        if let kubernetes = description.kubernetes {
            needed += kubernetes.binaries.values.sorted().map { ($0, .kubernetesBinary) }
            if let config = kubernetes.config { needed.append((config, .kubernetesConfig)) }
        }
        return needed + description.files.map { ($0.name, .file) }
    }

    private static func isSafe(_ title: String) -> Bool {
        let components = title.split(separator: "/", omittingEmptySubsequences: false)
        return title.utf8.count <= 512
            && title.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }
            && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
