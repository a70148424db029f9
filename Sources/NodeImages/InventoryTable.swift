internal import OCI

/// The inventory as people read it: a line for each image, and under it what is wrong.
extension Inventory {
    /// The table's head.
    package static let columns = ["IMAGE", "DIGEST", "NAMES", "TARGET", "CONTENT", "VISIBLE", "PINNED", "UNPACKED"]

    /// The cells of an image's line, as many as ``columns``.
    package static func cells(_ image: Image) -> [String] {
        let present = image.names.filter { $0.target != nil }
        func verdict(_ isSound: Bool, _ otherwise: String) -> String { isSound ? "ok" : otherwise }
        func ofNames(_ isSound: (Name) -> Bool, _ otherwise: String) -> String {
            present.isEmpty ? "-" : verdict(present.allSatisfy(isSound), otherwise)
        }
        return [
            image.reference, image.digest.short, "\(present.count)/\(image.names.count)",
            ofNames(\.isBundles, "DIFFERS"),
            verdict(image.missing.isEmpty, "MISSING") == "ok" ? verdict(image.unheld.isEmpty, "UNHELD") : "MISSING",
            ofNames(\.isVisible, "NO"), ofNames(\.isPinned, "NO"), unpackedCell(image),
        ]
    }

    private static func unpackedCell(_ image: Image) -> String {
        switch image.unpacked {
        case .notApplicable: "-"
        case .no: "no"
        case .yes: image.snapshotsAreUnheld ? "UNHELD" : "ok"
        }
    }

    /// What is wrong with an image, one line a fact; empty where it is sound.
    package func faults(of image: Image) -> [String] {
        var lines: [String] = []
        for name in image.names {
            guard let target = name.target else {
                lines.append("\(name.name): no such name in containerd")
                continue
            }
            if !name.isBundles { lines.append("\(name.name): points to \(target), not to \(image.digest)") }
            if !name.isVisible { lines.append("\(name.name): Kubernetes doesn't see it") }
            if !name.isPinned { lines.append("\(name.name): not pinned, kubelet may delete it") }
        }
        lines += image.missing.map { "\($0.role.rawValue) \($0.digest) of \($0.bytes) bytes is missing" }
        lines += image.unheld.map {
            "\($0.role.rawValue) \($0.digest): nothing holds it, containerd's garbage collection may take it"
        }
        if expectsUnpacked {
            lines += image.missingSnapshots.map { "snapshot \($0) is missing: a layer is not unpacked" }
            if image.snapshotsAreUnheld { lines.append("the image's config doesn't hold its snapshots") }
        }
        return lines
    }
}
