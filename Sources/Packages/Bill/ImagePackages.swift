internal import OCI

/// What an image's layers hold together, as a container sees it: of a file in several layers the highest counts, and
/// what a layer removes is gone.
///
/// A program that a higher layer replaces by a file that tells of nothing stays in the list: it may say too much, never
/// too little.
struct ImagePackages {
    /// A package and the file that tells of it.
    struct Located {
        var package: FoundPackage
        var path: String
        var layer: Digest
    }

    private struct Level {
        var layer: Digest
        var packages: [FoundPackage] = []
    }

    private var sources: [String: Level] = [:]
    private var distributions: [String: LayerPackages.Distribution] = [:]
    private(set) var unread: [(layer: Digest, entry: LayerPackages.Unread)] = []

    /// Puts the layers over each other, the lowest first; `nil` for those that nobody has scanned.
    init(layers: [(digest: Digest, packages: LayerPackages?)]) {
        for (digest, packages) in layers {
            guard let packages else {
                unread.append((digest, LayerPackages.Unread(path: nil, reason: "the layer was not looked through")))
                continue
            }
            hide(Hidden(packages))
            let replaced = Set(packages.sources.map(\.path))
            unread.removeAll { $0.entry.path.map(replaced.contains) ?? false }
            for source in packages.sources { sources[source.path] = Level(layer: digest, packages: source.packages) }
            for distribution in packages.distributions { distributions[distribution.path] = distribution }
            unread += packages.unread.map { (digest, $0) }
        }
    }

    /// By path.
    var packages: [Located] {
        sources.sorted { $0.key < $1.key }.flatMap { path, level in
            level.packages.map { Located(package: $0, path: path, layer: level.layer) }
        }
    }

    /// os-release(5): the file in `/etc` comes before the one in `/usr/lib`.
    var distribution: LayerPackages.Distribution? {
        distributions["etc/os-release"] ?? distributions["usr/lib/os-release"]
    }

    private mutating func hide(_ hidden: Hidden) {
        guard !hidden.isEmpty else { return }
        sources = sources.filter { !hidden.contains($0.key) }
        distributions = distributions.filter { !hidden.contains($0.key) }
        unread.removeAll { $0.entry.path.map(hidden.contains) ?? false }
    }

    /// What a layer hides of those below it.
    private struct Hidden {
        private let removed: Set<String>
        private let emptied: Set<String>

        init(_ layer: LayerPackages) {
            removed = Set(layer.removed)
            emptied = Set(layer.emptied)
        }

        var isEmpty: Bool { removed.isEmpty && emptied.isEmpty }

        func contains(_ path: String) -> Bool {
            if removed.contains(path) || emptied.contains("") { return true }
            var folder = path[...]
            while let slash = folder.lastIndex(of: "/") {
                folder = folder[..<slash]
                if removed.contains(String(folder)) || emptied.contains(String(folder)) { return true }
            }
            return false
        }
    }
}
