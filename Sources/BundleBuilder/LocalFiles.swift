internal import Definition
package import SystemPackage

/// Files that the user has at hand, to be taken in the place of what a definition names.
package struct LocalFiles: Sendable {
    /// Stands for the Kubernetes distribution's binary.
    package var kubernetesBinary: FilePath?
    /// Stand for the bundle's extra files, by their names.
    package var files: [String: FilePath]

    package init(kubernetesBinary: FilePath? = nil, files: [String: FilePath] = [:]) {
        self.kubernetesBinary = kubernetesBinary
        self.files = files
    }

    /// What stands for `file`; `nil` where the definition's own source is to be used.
    subscript(file: RequiredFile) -> FilePath? { file.isKubernetesBinary ? kubernetesBinary : files[file.name] }

    /// Throws ``BuildError/unknownFile(_:known:)`` where one stands for nothing that `definition` names.
    func requireUse(in definition: BundleDefinition) throws(BuildError) {
        let known = definition.files.map(\.name)
        if let name = files.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unknownFile(name, known: known)
        }
    }
}
