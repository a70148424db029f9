internal import BundleFormat
internal import ImageLayout
internal import OCI

/// What takes the space in a bundle, by what it is for: an image's own layers, the layers that images share, and what is
/// no image.
struct SpaceMap {
    enum Kind: String {
        /// Of one image.
        case own
        case shared
        /// Kubernetes, files, documents.
        case other
    }

    /// Something in the archive.
    struct Cell {
        var label: String
        var bytes: Int64
        /// What to say about it beside its size.
        var detail: String
    }

    struct Group {
        var title: String
        var kind: Kind
        /// The element of the page that tells more.
        var link: String
        /// Largest first.
        var cells: [Cell]

        var bytes: Int64 { cells.reduce(0) { $0 + $1.bytes } }
    }

    /// Largest first.
    let groups: [Group]
    /// What is smaller than this share of the whole has no place of its own: it would be a dot.
    private static let leastShare: Int64 = 1500

    init(_ bundle: BundleReader, _ summary: BundleSummary, _ images: PageImages, billBytes: Int64) {
        var groups: [Group] = []
        // Layers' digests may be files' too: nothing is drawn twice.
        var drawn: Set<Digest> = []
        func cells(_ layers: [PageImages.Layer]) -> [Cell] {
            layers.filter { $0.isHere && drawn.insert($0.layer.digest).inserted }.map { layer in
                let origin = layer.origin.map { " · \($0)" } ?? ""
                let users =
                    layer.users.count > 1 ? " · in \(layer.users.count) images: \(images.labels(layer.users))" : ""
                let label = layer.users.count > 1 ? "\(layer.users.count) images" : layer.name
                return Cell(
                    label: label ?? layer.layer.digest.short, bytes: layer.bytes,
                    detail: "layer \(layer.layer.digest.short)\(origin)\(users)")
            }
        }
        for (index, image) in images.images.enumerated() {
            let own = cells(images.layers.filter { $0.users == [index] })
            groups.append(Group(title: image.label, kind: .own, link: "image-\(index + 1)", cells: own))
        }
        let shared = cells(images.layers.filter { $0.users.count > 1 })
        groups.append(Group(title: "Shared layers", kind: .shared, link: "shared", cells: shared))
        groups += Self.others(bundle, summary, billBytes: billBytes, drawn: &drawn)
        self.groups = Self.limited(groups)
    }

    private static func others(
        _ bundle: BundleReader, _ summary: BundleSummary, billBytes: Int64, drawn: inout Set<Digest>
    ) -> [Group] {
        var binaries: [Cell] = []
        var files: [Cell] = []
        let payload = Set(bundle.contents.payload.map(\.digest))
        for file in summary.files where payload.contains(file.digest) && drawn.insert(file.digest).inserted {
            let cell = Cell(label: file.name, bytes: file.bytes, detail: file.name)
            if file.mediaType == .kubernetesBinary { binaries.append(cell) } else { files.append(cell) }
        }
        let front = bundle.contents.members.reduce(Int64(0)) { sum, member in
            if case .document = member.content { sum + member.size } else { sum }
        }
        let documents = [
            Cell(label: "manifests, configs", bytes: front, detail: "manifests, configurations and texts"),
            Cell(label: "bill of materials", bytes: billBytes, detail: "bill of materials"),
        ]
        func group(_ title: String, _ cells: [Cell]) -> Group {
            Group(
                title: title, kind: .other, link: "files",
                cells: cells.sorted { ($1.bytes, $0.label) < ($0.bytes, $1.label) })
        }
        return [group("Kubernetes", binaries), group("Files", files), group("Documents", documents)]
    }

    /// Without what is empty, and with what is too small for a place of its own put together.
    private static func limited(_ groups: [Group]) -> [Group] {
        let least = groups.reduce(0) { $0 + $1.bytes } / leastShare
        var groups = groups.map { group in
            var group = group
            group.cells = limited(group.cells, least: least)
            return group
        }
        groups.sort { ($1.bytes, $0.title, $0.link) < ($0.bytes, $1.title, $1.link) }
        let small = groups.filter { $0.kind == .own && $0.bytes > 0 && $0.bytes < least }
        if small.count > 1 {
            groups.removeAll { $0.kind == .own && $0.bytes < least }
            let bytes = small.reduce(0) { $0 + $1.bytes }
            let cell = Cell(
                label: "\(small.count) images", bytes: bytes, detail: "what \(small.count) images have alone")
            groups.append(Group(title: "Smaller images", kind: .own, link: "images", cells: [cell]))
        }
        return groups.filter { $0.bytes > 0 }.sorted { ($1.bytes, $0.title, $0.link) < ($0.bytes, $1.title, $1.link) }
    }

    private static func limited(_ cells: [Cell], least: Int64) -> [Cell] {
        let (large, small) = (cells.filter { $0.bytes >= least }, cells.filter { $0.bytes > 0 && $0.bytes < least })
        guard small.count > 1 else { return large + small }
        let bytes = small.reduce(0) { $0 + $1.bytes }
        let more = Cell(label: "\(small.count) smaller", bytes: bytes, detail: "\(small.count) smaller ones")
        return (large + [more]).sorted { $1.bytes < $0.bytes }
    }
}
