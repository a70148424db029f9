internal import BundleFormat
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// The files of a bundle's artifact, by title.
///
/// That titles are safe, unique, and fit the description was proven when the bundle was opened; digests are proven here.
struct BundleFiles: Sendable {
    private let bundle: BundleReader

    /// The largest manifest, check or configuration.
    private static let textLimit: Int64 = 16 << 20

    /// The files of an opened bundle, whose titles and description were proven then.
    init(of bundle: BundleReader) { self.bundle = bundle }

    /// The digest and length of the file of `title`, which the description names.
    func descriptor(_ title: String) throws(InstallError) -> Descriptor {
        guard let layer = bundle.files[title] else {
            throw .artifact(path: bundle.path, reason: "'\(title)' is missing")
        }
        return layer
    }

    /// A small text.
    func text(_ title: String) throws -> String {
        let layer = try descriptor(title)
        guard layer.size <= Self.textLimit else {
            throw InstallError.artifact(
                path: bundle.path, reason: "'\(title)' has \(layer.size) bytes; at most \(Self.textLimit) are read")
        }
        var bytes = Data(capacity: Int(layer.size))
        try read(title) { bytes.append(contentsOf: $0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InstallError.artifact(path: bundle.path, reason: "'\(title)' is not UTF-8 text")
        }
        return text
    }

    /// Writes a file to `path` whole or not at all, and only where its bytes have the right digest.
    func extract(_ title: String, to path: FilePath, mode: FilePermissions) throws {
        _ = try descriptor(title)
        try DurableFile.write(to: path, mode: mode) { file, temporary in try copy(title, to: file, at: temporary) }
    }

    /// Writes a file's bytes to `target`, which errors call `path`; throws after the last where they don't have the
    /// right digest.
    func copy(_ title: String, to target: FileDescriptor, at path: FilePath) throws {
        try read(title) { piece in
            try StateFile.attempt("write", path) { _ = try target.writeAll(piece) }
        }
    }

    /// Calls `body` with a file's bytes, piece by piece; throws after the last where they don't have the right digest.
    private func read(_ title: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        do {
            try bundle.readFile(title, body)
        } catch BundleError.member(let path, let name, let reason) {
            throw InstallError.artifact(path: path, reason: "'\(name)' \(reason)")
        }
    }
}
