internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import FoundationEssentials
internal import SystemPackage

/// The manifests that were made of a definition's charts and kustomizations, to be looked at.
struct RenderedFolder {
    private let files: [BundleFile]

    init(_ definition: BundleDefinition) { files = definition.manifestsAndChecks.filter(\.isRendered) }

    /// Writes them below `folder`, by their paths in the bundle; throws where that is there already.
    func write(to folder: FilePath) throws {
        guard !FileManager.default.fileExists(atPath: folder.string) else {
            throw Failure("\(folder) is there already", hint: "choose a new folder", code: .cantCreate)
        }
        for file in files {
            let path = folder.appending(file.path)
            try makeFolders(path.removingLastComponent())
            try DurableFile.write(Data(try file.text().utf8), to: path)
        }
        Message.note("\(files.count) manifests written to \(folder)")
    }

    private func makeFolders(_ path: FilePath) throws {
        do {
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        } catch {
            throw Failure("can't create \(path)", hint: "choose a folder that can be written to", code: .cantCreate)
        }
    }
}
