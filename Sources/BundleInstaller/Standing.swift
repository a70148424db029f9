internal import BundleFormat
internal import OCI

/// What was done on this host before, and whether a command may go on from there.
struct Standing {
    /// What is to be replaced: its `NAME-VERSION`, and the version of its Kubernetes.
    let replaced: (label: String, kubernetes: String?)?

    /// Throws where something else is installed or half installed, or is being taken away, and where an upgrade would
    /// go back to an older version, unless `allowsDowngrade`.
    init(
        _ kind: Installation.Kind, of new: BundleDescription, index: Digest, record: InstalledRecord?,
        entries: [JournalEntry], allowsDowngrade: Bool = false
    ) throws(InstallError) {
        let label = "\(new.name)-\(new.version)"
        // The record is there before anything else is: without one nothing was put in place.
        let unfinished = record == nil ? nil : entries.unfinished
        if let unfinished {
            guard unfinished.command != Uninstallation.command else {
                throw .uninstalling(unfinished.bundle ?? "what is installed")
            }
            guard unfinished.index == index else {
                throw .otherBundle(
                    installed: unfinished.bundle ?? "another bundle", wanted: label, isFinished: false)
            }
        }
        try Self.compare(kind, record)
        switch (kind, record) {
        case (.install, let record?) where record.index != index:
            // An upgrade that stopped half-way goes on as an upgrade.
            throw .otherBundle(installed: record.label, wanted: label, isFinished: true)
        case (.join, let record?) where record.index != index:
            throw .otherBundle(installed: record.label, wanted: label, isFinished: true)
        case (.install, _), (.join, _): replaced = nil
        // Done before: run again, or cut off before it could say so.
        case (.upgrade, let record?) where record.index == index: replaced = nil
        case (.upgrade, nil): throw .noUpgrade(reason: "nothing is installed here; use 'install'")
        case (.upgrade, let record?):
            if let (reason, hint) = Self.objection(to: new, after: record) {
                throw .noUpgrade(reason: reason, hint: hint)
            }
            if !allowsDowngrade, BundleVersion(new.version).isOlder(than: BundleVersion(record.version)) {
                throw .olderVersion(installed: record.label, wanted: label)
            }
            replaced = (record.label, record.kubernetes)
        }
    }

    /// Throws where the host is something else in its cluster than the command is for.
    private static func compare(_ kind: Installation.Kind, _ record: InstalledRecord?) throws(InstallError) {
        switch (kind, record?.isWorker) {
        case (.install, true?):
            throw .otherRole(isWorker: true, instead: "'join' goes on with it, 'upgrade' takes a newer bundle")
        case (.join, false?):
            throw .otherRole(isWorker: false, instead: "'sealift-installer uninstall' first; data stays")
        case (.install, _), (.join, _), (.upgrade, _): break
        }
    }

    private static func objection(
        to new: BundleDescription, after record: InstalledRecord
    ) -> (reason: String, hint: String?)? {
        guard new.name == record.bundle else {
            return (
                "\(record.bundle) is installed, this is \(new.name)",
                "'sealift-installer uninstall' takes \(record.bundle) away; data stays"
            )
        }
        switch (record.kubernetes, new.kubernetes?.version) {
        case (nil, nil): return nil
        case (nil, _?):
            return ("\(record.bundle) runs on a Kubernetes that was there; the new bundle brings its own", nil)
        case (_?, nil): return ("\(record.bundle) brought its Kubernetes; the new bundle brings none", nil)
        case (let old?, let next?): return KubernetesVersion.objection(to: next, after: old)
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

    /// Why a cluster can't go from `old` to `next`, and what to do; `nil` where it can.
    static func objection(to next: String, after old: String) -> (reason: String, hint: String?)? {
        guard let from = KubernetesVersion(old), let to = KubernetesVersion(next) else {
            return ("can't compare the Kubernetes versions \(old) and \(next)", nil)
        }
        guard to.major == from.major, to >= from else {
            return ("Kubernetes can't go back from \(old) to \(next); restore a backup instead", nil)
        }
        // Kubernetes' version skew policy: one minor at a time.
        guard to.minor <= from.minor + 1 else {
            return (
                "Kubernetes goes one minor version at a time, not from \(old) to \(next)",
                "upgrade to a bundle with Kubernetes \(from.major).\(from.minor + 1) first"
            )
        }
        return nil
    }

    static func < (left: KubernetesVersion, right: KubernetesVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
