/// What the scan of one layer has found so far; bounded, whatever the layer holds.
struct Findings {
    /// The most packages of one layer; the largest known images have some 5,000.
    static let packageLimit = 50_000
    /// The most removed paths of one layer that are followed.
    static let removalLimit = 50_000
    /// The most bytes of names and other texts of one layer; real ones have some 500 KB.
    static let textLimit = 24 << 20
    /// The most places that are named one by one.
    static let unreadLimit = 1_000

    private var sources: [String: [FoundPackage]] = [:]
    private var distributions: [String: LayerPackages.Distribution] = [:]
    private var removed: Set<String> = []
    private var emptied: Set<String> = []
    private var unread: [LayerPackages.Unread] = []
    private var packageCount = 0
    private var textLeft = Findings.textLimit
    private var droppedPackages = 0
    private var droppedUnread = 0
    private var droppedRemovals = 0

    /// Takes what `path` tells; of two members of one path the later counts (POSIX.1, pax, -r).
    mutating func add(_ packages: [FoundPackage], at path: String) {
        packageCount -= sources[path]?.count ?? 0
        guard sources[path] != nil || (sources.count < Self.packageLimit && take(path.utf8.count)) else {
            return droppedPackages += 1
        }
        let named = packages.filter { !$0.name.isEmpty }
        let kept = named.prefix(max(0, Self.packageLimit - packageCount)).prefix { take($0.textCount) }
        packageCount += kept.count
        droppedPackages += named.count - kept.count
        sources[path] = Array(kept)
    }

    private mutating func take(_ count: Int) -> Bool {
        textLeft -= count
        return textLeft >= 0
    }

    mutating func add(_ distribution: LayerPackages.Distribution) { distributions[distribution.path] = distribution }

    /// `path` is a hard link to `target`, which is in the same layer.
    mutating func link(_ path: String, to target: String) {
        if let packages = sources[target] { add(packages, at: path) }
        if var distribution = distributions[target] {
            distribution.path = path
            add(distribution)
        }
    }

    mutating func remove(_ path: String) {
        guard removed.count + emptied.count < Self.removalLimit, take(path.utf8.count) else {
            return droppedRemovals += 1
        }
        removed.insert(path)
    }

    mutating func empty(_ folder: String) {
        guard removed.count + emptied.count < Self.removalLimit, take(folder.utf8.count) else {
            return droppedRemovals += 1
        }
        emptied.insert(folder)
    }

    mutating func miss(_ path: String?, _ reason: String) {
        guard unread.count < Self.unreadLimit || path == nil else { return droppedUnread += 1 }
        let path = path.map { FoundPackage.shortened($0) ?? "" }
        let entry = LayerPackages.Unread(path: path, reason: FoundPackage.shortened(reason) ?? "")
        if !unread.contains(entry) { unread.append(entry) }
    }

    /// Everything in one order, whatever the order of the layer's members.
    func result() -> LayerPackages {
        var result = LayerPackages()
        result.sources = sources.map { LayerPackages.Source(path: $0.key, packages: $0.value) }
            .sorted { $0.path < $1.path }
        result.distributions = distributions.values.sorted { $0.path < $1.path }
        result.removed = removed.sorted()
        result.emptied = emptied.sorted()
        result.unread = unread + dropped()
        return result
    }

    private func dropped() -> [LayerPackages.Unread] {
        let reasons = [
            (
                droppedPackages,
                "it holds more than \(Self.packageLimit) packages, or longer names; the others are not listed"
            ),
            (droppedUnread, "\(droppedUnread) more files could not be read"),
            (droppedRemovals, "\(droppedRemovals) removals were not followed; what they remove may be listed"),
        ]
        return reasons.filter { $0.0 > 0 }.map { LayerPackages.Unread(path: nil, reason: $0.1) }
    }
}
