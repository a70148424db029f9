internal import BundleFormat
internal import Definition

/// The places on the host that a bundle may mount: what the operator gives it, and the files that it brings itself.
struct KnownHostPaths {
    let dataDirectories: [String]
    /// The names of the bundle's extra files.
    let files: [String]

    /// What is wrong with mounting `path`, and what to do; `nil` where nothing is.
    func fault(of path: String) -> (message: String, remedy: String)? {
        let isPlain = !path.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
        if isPlain, dataDirectories.contains(where: { path == $0 || path.hasPrefix("\($0)/") }) { return nil }
        let installed = "\(InstalledFiles.folder)/"
        if isPlain, path.hasPrefix(installed) {
            let name = String(path.dropFirst(installed.count))
            if files.contains(name) { return nil }
            let nearest = nearestName(to: name, among: files).map { "; did you mean '\($0)'?" } ?? ""
            return ("the bundle has no file '\(name)'", "add it to files: in the definition\(nearest)")
        }
        return (
            "'\(path)' is outside the declared data directories",
            "put it below a parameter of type path, so that preflight, backup and uninstall know of it"
        )
    }
}
