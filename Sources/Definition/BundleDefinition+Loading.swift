internal import BundleFormat
internal import FoundationEssentials
internal import OCI
package import SystemPackage

extension BundleDefinition {
    /// Loads the definition in the folder `path`, or the bundle.yaml that `path` is.
    package init(at path: FilePath) throws(DefinitionError) {
        let folder = path.lastComponent?.string == Self.fileName ? path.removingLastComponent() : path
        try self.init(loading: folder.isEmpty ? "." : folder)
    }

    private init(loading folder: FilePath) throws(DefinitionError) {
        let path = folder.appending(Self.fileName)
        guard isFile(path) else {
            throw DefinitionError(SourceLocation(file: folder.string), .noSuchBundle(nearby: bundles(near: folder)))
        }
        let document = try StrictYAML(document: try readText(at: path), file: path.string)
        try document.requireHeader(kind: "Bundle")
        let top = try document.mapping(
            "apiVersion", "kind", "metadata", "platforms", "kubernetes", "parameters", "profiles", "stages", "images",
            "ignore", "files")
        let decoder = try DefinitionDecoder(folder: BundleFolder(folder))

        self.folder = folder
        let metadata = try top.required("metadata").mapping("name", "version", "description")
        name = try decoder.bundleName(metadata.required("name"))
        version = try decoder.version(metadata.required("version"))
        description = try metadata["description"]?.string()
        platforms = try decoder.platforms(top.required("platforms"))
        kubernetes =
            if let section = top["kubernetes"] { try decoder.kubernetes(section, platforms: platforms) } else { nil }
        parameters = try decoder.parameters(top.list("parameters"))
        profiles = try decoder.profiles(top["profiles"], of: parameters)
        stages = try decoder.stages(
            top.required("stages"),
            ChartContext(parameters: parameters, kubernetesVersion: kubernetes?.version))
        images = try decoder.images(top.list("images"))
        waivers = try decoder.waivers(top.list("ignore"))
        files = try decoder.files(top.list("files"))
    }
}

extension StrictYAML {
    /// Throws unless the document says that it is of `kind`, in the one version that this Sealift reads.
    ///
    /// Asked before any other key, so that a file of something else isn't refused for its first unknown key.
    func requireHeader(kind: String) throws(DefinitionError) {
        for (key, wanted) in [("apiVersion", "sealift/v1"), ("kind", kind)] {
            let entry = try anyMapping().first { $0.key == key }
            guard let entry else {
                throw DefinitionError(location, .missingKey(key, in: field, known: ["apiVersion", "kind"]))
            }
            let written = try entry.value.string()
            guard written == wanted else {
                throw entry.value.invalid(written, "this version of Sealift reads '\(wanted)'")
            }
        }
    }
}

/// Folders with a bundle.yaml beside `folder`, inside it, and in `bundles` of the working folder.
private func bundles(near folder: FilePath) -> [String] {
    let parent = folder.removingLastComponent()
    // By their real paths, so that none is listed twice; shown as the user would reach them.
    var byRealPath: [FilePath: String] = [:]
    for place in ["bundles", folder.appending("bundles"), parent.isEmpty ? "." : parent, folder] as [FilePath] {
        // Only for a hint: what can't be listed has no bundles to suggest.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.string)) ?? []
        for name in names where isFile(place.appending(name).appending(BundleDefinition.fileName)) {
            let path = place.appending(name)
            if let real = realPath(path) { byRealPath[real] = path.lexicallyNormalized().string }
        }
    }
    let found = byRealPath.values
    let wanted = folder.lastComponent?.string ?? ""
    let nearest = nearestName(to: wanted, among: found.compactMap { FilePath($0).lastComponent?.string })
    return found.sorted { left, right in
        let isNearest = [left, right].map { FilePath($0).lastComponent?.string == nearest }
        return isNearest[0] == isNearest[1] ? left < right : isNearest[0]
    }
}
