internal import BundleFormat
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// What of a bundle stays on the host: its description, manifests and checks, so that no later command but `upgrade`
/// needs the archive again.
struct KeptBundle: Sendable {
    private let folder: FilePath
    let description: BundleDescription

    private static let descriptionFile = "description.json"

    /// Keeps the small texts of a bundle in `folder`; what an earlier bundle left there is overwritten or forgotten.
    init(keeping files: BundleFiles, of description: BundleDescription, in folder: FilePath) throws {
        self.folder = folder
        self.description = description
        try StateFile.makeFolder(folder, mode: [.ownerReadWriteExecute])
        // Without it nothing of the folder counts; a name may have been a file before and be a folder now.
        try StateFile.remove(folder.appending(Self.descriptionFile))
        try StateFile.syncFolder(of: folder.appending(Self.descriptionFile))
        try FolderTree(folder.appending("texts")).delete()
        for title in Set(description.stages.flatMap { $0.manifests + $0.checks }).sorted() {
            let path = Self.path(of: title, in: folder)
            try StateFile.makeFolder(path.removingLastComponent())
            try DurableFile.write(try files.text(title).utf8, to: path)
        }
        // Last: with it the folder is whole.
        try DurableFile.write(try encodeJSON(description), to: folder.appending(Self.descriptionFile))
    }

    /// Opens what was kept in `folder`; throws ``InstallError/notInstalled(state:)`` where there is nothing.
    init(in folder: FilePath) throws {
        let path = folder.appending(Self.descriptionFile)
        guard let bytes = try StateFile.read(path) else { throw InstallError.notInstalled(state: folder) }
        self.folder = folder
        try BundleDescription.precheck(bytes)
        description = try decodeJSON(bytes, as: "bundle description in \(path)")
        try description.validate(as: .bundleConfig)
    }

    /// A manifest or check, with its parameters' values put in.
    func text(_ title: String, _ expansion: ParameterExpansion) throws -> String {
        let path = Self.path(of: title, in: folder)
        guard let bytes = try StateFile.read(path) else { throw InstallError.notInstalled(state: path) }
        return try expansion.expand(String(decoding: bytes, as: UTF8.self), of: title, in: path)
    }

    /// Titles were found safe when the bundle was opened: they lead nowhere but below the folder.
    private static func path(of title: String, in folder: FilePath) -> FilePath {
        folder.appending("texts").pushing(FilePath(title))
    }
}

extension ParameterExpansion {
    /// `text` with its values put in; an error names the file.
    func expand(_ text: String, of title: String, in path: FilePath) throws(InstallError) -> String {
        do {
            return try expand(text)
        } catch {
            let place = title + (error.line.map { ":\($0)" } ?? "")
            throw .artifact(path: path, reason: "\(place): \(error)")
        }
    }
}
