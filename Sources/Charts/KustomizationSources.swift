internal import Definition
internal import Glibc
internal import SystemPackage

/// Looks for what a kustomization would take from elsewhere than the bundle's folder.
struct KustomizationSources {
    let bundle: FilePath

    /// What was found.
    struct Fault: Error {
        let reason: ChartError.Reason
    }

    /// Throws for the first source that is remote or outside the bundle's folder; of kustomizations that this one
    /// builds on, too.
    func require(localBelow folder: FilePath) throws(Fault) {
        guard let root = real(bundle) else {
            throw Fault(reason: .unreadable(path: bundle.string, why: "it leads nowhere"))
        }
        var open = [folder]
        var seen: Set<FilePath> = []
        while let next = open.popLast() {
            guard let place = real(next), place.starts(with: root) else {
                throw Fault(reason: .leavesFolder(next.string))
            }
            guard seen.insert(place).inserted else { continue }
            for name in BundleDefinition.Kustomization.fileNames {
                let file = next.appending(name)
                guard real(file) != nil else { continue }
                for source in try sources(in: file) {
                    let path = next.appending(source)
                    guard !Self.isRemote(source), !source.hasPrefix("/"), let target = real(path) else {
                        throw Fault(reason: .remote(source, in: file.string))
                    }
                    guard target.starts(with: root) else { throw Fault(reason: .leavesFolder(path.string)) }
                    if isFolder(target) { open.append(path.lexicallyNormalized()) }
                }
            }
        }
    }

    /// All paths that the kustomization in `file` names.
    private func sources(in file: FilePath) throws(Fault) -> [String] {
        let node: YAMLNode?
        do { node = try YAMLNode.documents(in: try readText(at: file), file: file.string).first } catch {
            throw Fault(reason: .unreadable(path: file.string, why: "\(error)"))
        }
        guard let node else { return [] }
        var found: [String] = []
        for key in [
            "resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators",
            "patchesStrategicMerge",
        ] {
            // A patch or a generator may stand there itself, on lines of its own.
            found += (node[key]?.elements ?? []).compactMap(\.text).filter { !$0.contains("\n") && !$0.contains(": ") }
        }
        for key in ["patches", "patchesJson6902", "replacements"] {
            found += (node[key]?.elements ?? []).compactMap { $0["path"]?.text }
        }
        if let path = node[path: "openapi", "path"]?.text { found.append(path) }
        for generator in (node["configMapGenerator"]?.elements ?? []) + (node["secretGenerator"]?.elements ?? []) {
            let files = (generator["files"]?.elements ?? []).compactMap(\.text).map { text in
                text.firstIndex(of: "=").map { String(text[text.index(after: $0)...]) } ?? text
            }
            found += files + (generator["envs"]?.elements ?? []).compactMap(\.text)
            if let env = generator["env"]?.text { found.append(env) }
        }
        return found
    }

    /// What kustomize takes for a URL or a repository; anything that isn't there is taken for one by it, too.
    private static func isRemote(_ source: String) -> Bool {
        source.contains("://") || source.contains("?ref=") || source.hasPrefix("git@") || source.hasPrefix("git::")
    }

    private func real(_ path: FilePath) -> FilePath? {
        guard let resolved = realpath(path.string, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(String(cString: resolved))
    }
}
