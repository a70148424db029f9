internal import BundleFormat
internal import NodeImages
internal import OCI

/// What was done on this host before, and whether a command may go on from there.
struct Standing {
    /// An earlier run of the same command with the same bundle did not reach its end.
    let isResumed: Bool
    /// What is to be replaced: its `NAME-VERSION`, and the version of its Kubernetes.
    let replaced: (label: String, kubernetes: String?)?

    /// Throws where something else is installed or half installed.
    init(
        _ kind: Installation.Kind, of bundle: BundleReader, record: InstalledRecord?, entries: [JournalEntry]
    ) throws(InstallError) {
        let unfinished = entries.unfinished
        let index = bundle.index.descriptor.digest
        if let unfinished, unfinished.index != index {
            throw .otherBundle(
                installed: unfinished.bundle ?? "another bundle", wanted: bundle.label, isFinished: false)
        }
        isResumed = unfinished != nil
        switch (kind, record) {
        case (.install, let record?) where record.index != index:
            // An upgrade that stopped half-way goes on as an upgrade.
            throw .otherBundle(
                installed: "\(record.bundle)-\(record.version)", wanted: bundle.label, isFinished: true)
        case (.install, _): replaced = nil
        // All of it went through; a run that was cut off after its last step may not know.
        case (.upgrade, let record?) where record.index == index: replaced = nil
        case (.upgrade, nil): throw .noUpgrade(reason: "nothing is installed here; use 'install'")
        case (.upgrade, let record?):
            if let reason = Self.objection(to: bundle, after: record) { throw .noUpgrade(reason: reason) }
            replaced = ("\(record.bundle)-\(record.version)", record.kubernetes)
        }
    }

    private static func objection(to bundle: BundleReader, after record: InstalledRecord) -> String? {
        let new = bundle.description
        guard new.name == record.bundle else { return "\(record.bundle) is installed, this is \(new.name)" }
        switch (record.kubernetes, new.kubernetes?.version) {
        case (nil, nil): return nil
        case (nil, _?): return "\(record.bundle) runs on a Kubernetes that was there; the new bundle brings its own"
        case (_?, nil): return "\(record.bundle) brought its Kubernetes; the new bundle brings none"
        case (let old?, let next?):
            guard let from = KubernetesVersion(old), let to = KubernetesVersion(next) else {
                return "can't compare the Kubernetes versions \(old) and \(next)"
            }
            guard to.major == from.major, to >= from else {
                return "Kubernetes can't go back from \(old) to \(next); restore a backup instead"
            }
            // Kubernetes' version skew policy: one minor at a time.
            guard to.minor <= from.minor + 1 else {
                return "Kubernetes goes one minor version at a time, not from \(old) to \(next)"
            }
            return nil
        }
    }
}

/// The version of a Kubernetes distribution: `v1.36.3+k0s.0`.
struct KubernetesVersion: Comparable {
    let major: Int
    let minor: Int
    let patch: Int

    /// `nil` where `text` is none.
    init?(_ text: String) {
        let numbers = text.drop { $0 == "v" }.prefix { $0 != "+" && $0 != "-" }.split(
            separator: ".", omittingEmptySubsequences: false
        ).map { Int($0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    static func < (left: KubernetesVersion, right: KubernetesVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
