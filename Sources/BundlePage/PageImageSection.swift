internal import BundleFormat
internal import OCI

/// The images, and the layers of which they are made.
extension BundlePage {
    var imageSection: Markup {
        var rows: [[PageTable.Cell]] = []
        var ids: [Int: String] = [:]
        let largest = images.images.first?.bytes ?? 0
        for (index, image) in images.images.enumerated() {
            ids[rows.count] = "image-\(index + 1)"
            rows += image.platforms.map { row(image, $0, largest: largest) }
        }
        let table = PageTable(
            id: "image-table", caption: "Images: size, what of it is shared, layers and packages",
            columns: [
                .init(title: "Image", key: "name"), .init(title: "Platform", key: "platform"),
                .init(title: "Size", key: "size", isNumber: true), .init(title: "Own", key: "own", isNumber: true),
                .init(title: "Shared", key: "shared", isNumber: true), .init(title: "Own, shared"),
                .init(title: "Layers", key: "layers", isNumber: true),
                .init(title: "Packages", key: "packages", isNumber: true),
            ], filter: "Filter images", sorted: "size")
        return """
            <section id="images" aria-labelledby="images-title">
            <h2 id="images-title">Images</h2>
            <p class="hint">Own bytes are in layers that no other image has. Sizes are those of the layers as they \
            travel.</p>
            \(table.html(rows, ids: ids))
            </section>
            """
    }

    private func row(
        _ image: PageImages.Image, _ platform: BundleSummary.PlatformImage, largest: Int64
    ) -> [PageTable.Cell] {
        let layers = Dictionary(platform.layers.map { ($0.digest, $0) }) { first, _ in first }.values
        let shared = layers.filter { $0.sharedBy > 1 }.reduce(Int64(0)) { $0 + $1.bytes }
        let size = layers.reduce(Int64(0)) { $0 + $1.bytes }
        let content = bill?.contents["\(image.digest)/\(platform.platform)"]
        let names = image.references.map { "<span class=\"name\">\(Markup(name: $0))</span>" as Markup }
        let original: Markup = image.original.map { " <small class=\"code\">was \($0.short)</small>" } ?? ""
        return [
            .init(
                "\(names.joined(separator: "<br>")) <small class=\"code\" title=\"\(image.digest)\">"
                    + "\(image.digest.short)</small>\(original)"),
            .init("<span class=\"whole\">\(platform.platform)</span>"), .init("\(ByteCount(size))", value: size),
            .init("\(ByteCount(size - shared))", value: size - shared), .init("\(ByteCount(shared))", value: shared),
            .init(Self.bar(own: size - shared, shared: shared, of: largest)), .init(number: layers.count),
            content.map {
                .init("\($0.packages)\(note(on: $0))", value: Int64($0.packages))
            } ?? .init("–", value: -1),
        ]
    }

    private func note(on content: PageBill.Content) -> Markup {
        let system: Markup = content.system.map { "<small>\($0)</small>" } ?? ""
        let unread: Markup = content.unread.isEmpty ? "" : "<small>\(content.unread.count) not looked into</small>"
        return system + unread
    }

    /// A bar as long as an image is large beside the largest.
    private static func bar(own: Int64, shared: Int64, of largest: Int64) -> Markup {
        func length(_ bytes: Int64) -> Int { largest > 0 ? Int(Double(bytes) / Double(largest) * 1000) : 0 }
        let (first, second) = (length(own), length(shared))
        return """
            <svg class="bar" viewBox="0 0 1000 90" preserveAspectRatio="none" aria-hidden="true">\
            <rect class="own" width="\(first)" height="90"/>\
            <rect class="shared" x="\(first)" width="\(second)" height="90"/></svg>
            """
    }

    /// So many rows of layers are enough; the rest is named by its number.
    private static let layerLimit = 1500

    var layerSection: Markup {
        let shared = images.layers.filter { $0.users.count > 1 }.sorted {
            ($1.savedBytes, $0.layer.digest) < ($0.savedBytes, $1.layer.digest)
        }
        let sharedTable = PageTable(
            id: "shared-table", caption: "Layers that several images share",
            columns: Self.layerColumns + [
                .init(title: "Images", key: "images", isNumber: true),
                .init(title: "Saves", key: "saves", isNumber: true), .init(title: "Shared by"),
            ], sorted: "saves")
        let sharedRows = shared.prefix(Self.layerLimit).map { layer in
            cells(layer) + [
                .init(number: layer.users.count),
                .init("\(ByteCount(layer.savedBytes))", value: layer.savedBytes),
                .init(chips(layer.users)),
            ]
        }
        let none: Markup = "<p class=\"note\">No two images have a layer in common.</p>"
        return """
            <section id="shared" aria-labelledby="shared-title">
            <h2 id="shared-title">Shared layers</h2>
            \(shared.isEmpty ? none : sharedTable.html(Array(sharedRows)))\(Self.cut(shared.count, Self.layerLimit))
            \(allLayers)
            </section>
            """
    }

    private var allLayers: Markup {
        let table = PageTable(
            id: "layer-table", caption: "All layers",
            columns: Self.layerColumns + [.init(title: "Type"), .init(title: "In")], filter: "Filter layers",
            sorted: "size")
        let rows = images.layers.prefix(Self.layerLimit).map { layer in
            cells(layer) + [
                .init("<span class=\"whole\">\(Self.form(of: layer.layer.mediaType))</span>"),
                .init(text: images.labels(layer.users)),
            ]
        }
        return """
            <details><summary>All \(images.layers.count) layers</summary>
            \(table.html(Array(rows)))\(Self.cut(images.layers.count, Self.layerLimit))
            </details>
            """
    }

    private static let layerColumns: [PageTable.Column] = [
        .init(title: "Layer", key: "layer"), .init(title: "Size", key: "size", isNumber: true),
    ]

    private func cells(_ layer: PageImages.Layer) -> [PageTable.Cell] {
        let origin: Markup = layer.origin.map { "<span class=\"origin\">\($0)</span>" } ?? ""
        let place: Markup = layer.isHere ? "" : " <span class=\"away\">in the base</span>"
        let digest = layer.layer.digest
        return [
            .init("<span class=\"code\" title=\"\(digest)\">\(digest.short)</span>\(place)\(origin)"),
            .init("\(ByteCount(layer.bytes))", value: layer.bytes),
        ]
    }

    private func chips(_ users: [Int]) -> Markup {
        let limit = 40
        let chips = users.prefix(limit).map { place in
            "<a class=\"chip\" href=\"#image-\(place + 1)\">\(images.images[place].label)</a>" as Markup
        }
        let more: Markup = users.count > limit ? " and \(users.count - limit) more" : ""
        return chips.joined(separator: " ") + more
    }

    /// `tar+gzip` and the like: the end of the media type.
    private static func form(of type: MediaType) -> String {
        let name = type.description
        let last = name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name.utf8.index(after: $0) }
        return last.map { String(name[$0...]) } ?? name
    }

    /// What to say where a table has fewer rows than there are.
    static func cut(_ count: Int, _ limit: Int) -> Markup {
        count > limit ? "\n<p class=\"note\">The first \(limit) of \(count) are listed.</p>" : ""
    }
}
