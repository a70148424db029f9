internal import BundleFormat
internal import FoundationEssentials
internal import Frames
internal import ImageLayout
internal import OCI
internal import SystemPackage

/// The files of a bundle's artifact, by title.
///
/// The archive's reader proves digests; that titles are safe, unique, and fit the description is proven here, before
/// anything is written anywhere.
struct BundleFiles: Sendable {
    private let bundle: BundleReader
    private let layers: [String: Descriptor]

    /// The largest manifest, check or configuration.
    private static let textLimit: Int64 = 16 << 20

    /// Takes the layers' titles; throws ``InstallError/artifact(path:reason:)`` where they can't be used.
    init(of bundle: BundleReader) throws(InstallError) {
        self.bundle = bundle
        func refused(_ reason: String) -> InstallError { .artifact(path: bundle.path, reason: reason) }
        var layers: [String: Descriptor] = [:]
        for layer in bundle.artifact.value.layers {
            guard let title = layer.annotations?[Annotation.title] else {
                throw refused("the file \(layer.digest) has no title")
            }
            guard Self.isSafe(title) else {
                throw refused("the title '\(Self.printable(title))' may lead outside its folder")
            }
            guard layers.updateValue(layer, forKey: title) == nil else {
                throw refused("the title '\(title)' is there twice")
            }
        }
        self.layers = layers
        for title in layers.keys.sorted() {
            var folder = FilePath(title).removingLastComponent()
            while !folder.isEmpty {
                guard layers[folder.string] == nil else {
                    throw refused("'\(folder)' is a file, and the folder of '\(title)'")
                }
                folder.removeLastComponent()
            }
        }
        if let fault = bundle.description.fault { throw refused(fault) }
        for (title, type) in Self.needed(by: bundle.description) {
            guard let layer = layers[title] else { throw refused("'\(title)' is missing") }
            guard layer.mediaType == type else { throw refused("'\(title)' is \(layer.mediaType), not \(type)") }
        }
    }

    /// The digest and length of the file of `title`, which the description names.
    func descriptor(_ title: String) throws(InstallError) -> Descriptor {
        guard let layer = layers[title] else {
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
        try read(layer, title) { bytes.append(contentsOf: $0) }
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
        try read(try descriptor(title), title) { piece in
            try StateFile.attempt("write", path) { _ = try target.writeAll(piece) }
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
            throw InstallError.artifact(path: bundle.path, reason: "'\(title)' does not match its digest")
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

    private static func printable(_ title: String) -> String {
        title.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? $0.escaped(asASCII: true) : String($0) }
            .joined()
    }

    private static func isSafe(_ title: String) -> Bool {
        let components = title.split(separator: "/", omittingEmptySubsequences: false)
        return title.utf8.count <= 512
            && title.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }
            && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}

extension BundleDescription {
    /// What of the description must not reach a path, a step's name or a random generator; `nil` where all is fine.
    ///
    /// `sealift build` makes no such bundle; anybody else could.
    fileprivate var fault: String? {
        for (what, text) in [("name", name), ("version", version)] + stages.map({ ("stage", $0.name) }) {
            guard Self.isWord(text) else {
                return "the \(what) '\(text.prefix(80).filter(Self.isWordCharacter))' is none"
            }
        }
        guard Set(stages.map(\.name)).count == stages.count else { return "two stages have the same name" }
        for stage in stages where !(1...(7 * 86400)).contains(stage.readyTimeout) {
            return "stage \(stage.name) may take \(stage.readyTimeout) seconds; 1 second to 7 days are possible"
        }
        for file in files {
            guard file.name.hasPrefix("files/") else { return "the file '\(file.name)' is not below files/" }
            guard let mode = UInt32(file.mode, radix: 8), mode <= 0o777, !file.mode.hasPrefix("+") else {
                return "the file '\(file.name)' has no mode from 0000 to 0777"
            }
        }
        for parameter in parameters {
            guard let generator = parameter.generate else { continue }
            let isKnown =
                switch generator.format {
                case Parameter.Generator.alphanumeric: (1...1024).contains(generator.length)
                case Parameter.Generator.uuid, Parameter.Generator.nodeAddress: true
                default: false
                }
            guard isKnown else { return "no value can be generated for the parameter '\(parameter.name)'" }
        }
        return nil
    }

    private static func isWord(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.allSatisfy(isWordCharacter) && text != "." && text != ".."
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._+-".contains(character))
    }
}
