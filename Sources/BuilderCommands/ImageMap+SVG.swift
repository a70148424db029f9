internal import CommandSupport
internal import OCI

extension ImageMap {
    /// The map as a picture in three columns that needs nothing else, light or dark as its reader likes it; equal maps
    /// give equal bytes. Layers that only one image has are one box.
    var svg: String { ImageMapDrawing(self).text }
}

/// Draws an ``ImageMap``.
private struct ImageMapDrawing {
    /// A box of the right column.
    private struct Box {
        let label: String
        let detail: String
        let size: Int64
        let images: [Int]
        let isShared: Bool
    }

    private enum Measure {
        static let row = 30
        static let box = 22
        static let top = 92
        static let margin = 24
        static let gap = 130
        static let widths = [320, 380, 330]
        /// Of a character of 12 pixels, in tenths; wide enough for what most names are made of.
        static let character = 67
    }

    private let map: ImageMap
    private let boxes: [Box]
    private let height: Int
    private(set) var text = ""

    init(_ map: ImageMap) {
        self.map = map
        boxes = Self.boxes(of: map)
        height = max(1, map.manifests.count, map.images.count, boxes.count) * Measure.row
        draw()
    }

    private static func boxes(of map: ImageMap) -> [Box] {
        var boxes: [Box] = []
        for (index, image) in map.images.enumerated() {
            let own = image.layers.filter { !map.layers[$0].isShared }.map { map.layers[$0] }
            guard !own.isEmpty else { continue }
            boxes.append(
                Box(
                    label: own.count == 1 ? own[0].digest.short : "\(own.count) layers of its own",
                    detail: own.map { "\($0.digest)  \(Format.bytes($0.size))" }.joined(separator: "\n"),
                    size: own.reduce(0) { $0.addingClamped($1.size) }, images: [index], isShared: false))
        }
        for layer in map.layers where layer.isShared {
            boxes.append(
                Box(
                    label: "\(layer.digest.short), shared by \(layer.images.count)",
                    detail: "\(layer.digest)\n" + layer.images.map { map.images[$0].name }.joined(separator: "\n"),
                    size: layer.size, images: layer.images, isShared: true))
        }
        return boxes.enumerated().sorted {
            ($0.element.images.mean, $0.offset) < ($1.element.images.mean, $1.offset)
        }.map(\.element)
    }

    // MARK: where things are

    private func x(_ column: Int) -> Int {
        Measure.margin + Measure.widths[..<column].reduce(0, +) + column * Measure.gap
    }

    /// The upper edge of a box; a column with fewer boxes has them further apart.
    private func y(_ index: Int, of count: Int) -> Int {
        Measure.top + (2 * index + 1) * height / (2 * max(1, count)) - Measure.box / 2
    }

    // MARK: drawing

    private mutating func draw() {
        let width = x(2) + Measure.widths[2] + Measure.margin
        let total = Measure.top + height + Measure.margin
        text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(total)" viewBox="0 0 \(width) \(total)" \
            role="img" aria-label="\(escaped("images of \(map.title)"))">
            <style>
            \(Self.style)
            </style>
            <rect class="page" width="100%" height="100%"/>
            <text class="title" x="\(Measure.margin)" y="36">\(escaped(map.title))</text>
            <text class="note" x="\(Measure.margin)" y="56">\(escaped(summary))</text>

            """
        for (column, name) in ["manifests", "images", "layers"].enumerated() {
            text += "<text class=\"head\" x=\"\(x(column))\" y=\"\(Measure.top - 8)\">\(name)</text>\n"
        }
        drawLines()
        for (index, name) in map.manifests.enumerated() {
            box(0, y(index, of: map.manifests.count), "manifest", name, right: "", detail: name)
        }
        for (index, image) in map.images.enumerated() {
            let size = image.layers.reduce(Int64(0)) { $0.addingClamped(map.layers[$1].size) }
            box(
                1, y(index, of: map.images.count), "image", image.name,
                right: image.layers.isEmpty ? "not locked" : Format.bytes(size), detail: image.name)
        }
        let largest = boxes.map(\.size).max() ?? 0
        for (index, layer) in boxes.enumerated() {
            box(
                2, y(index, of: boxes.count), layer.isShared ? "shared" : "layer", layer.label,
                right: Format.bytes(layer.size), detail: layer.detail,
                share: largest > 0 ? Int(Double(layer.size) / Double(largest) * 1000) : 0)
        }
        text += "</svg>\n"
    }

    private var summary: String {
        let shared = map.layers.filter(\.isShared)
        var parts = ["\(map.manifests.count) manifests", "\(map.images.count) images"]
        let unlocked = map.images.filter(\.layers.isEmpty).count
        if unlocked > 0 { parts.append("\(unlocked) of them not locked") }
        if !map.layers.isEmpty {
            parts += ["\(map.layers.count) layers with \(Format.bytes(map.size))", "\(shared.count) shared"]
        }
        return parts.joined(separator: " · ")
    }

    private mutating func drawLines() {
        for (index, image) in map.images.enumerated() {
            let to = y(index, of: map.images.count) + Measure.box / 2
            for manifest in image.manifests {
                line(0, y(manifest, of: map.manifests.count) + Measure.box / 2, to, "line")
            }
        }
        // The shared ones above the others.
        for isShared in [false, true] {
            for (index, box) in boxes.enumerated() where box.isShared == isShared {
                let to = y(index, of: boxes.count) + Measure.box / 2
                for image in box.images {
                    line(1, y(image, of: map.images.count) + Measure.box / 2, to, isShared ? "line common" : "line")
                }
            }
        }
    }

    /// A curve from a box of `column` to one of the next.
    private mutating func line(_ column: Int, _ from: Int, _ to: Int, _ style: String) {
        let (start, end) = (x(column) + Measure.widths[column], x(column + 1))
        let middle = (start + end) / 2
        text += "<path class=\"\(style)\" d=\"M\(start) \(from)C\(middle) \(from) \(middle) \(to) \(end) \(to)\"/>\n"
    }

    private mutating func box(
        _ column: Int, _ top: Int, _ style: String, _ label: String, right: String, detail: String, share: Int = 0
    ) {
        let (left, width) = (x(column), Measure.widths[column])
        let room = (width - 20) * 10 / Measure.character - (right.isEmpty ? 0 : right.count + 2)
        text += "<g class=\"\(style)\"><title>\(escaped(detail))</title>"
        text += "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(Measure.box)\" rx=\"4\"/>"
        if share > 0 {
            let part = max(4, width * share / 1000)
            text +=
                "<rect class=\"share\" x=\"\(left)\" y=\"\(top)\" width=\"\(part)\" height=\"\(Measure.box)\" rx=\"4\"/>"
        }
        text += "<text x=\"\(left + 8)\" y=\"\(top + 15)\">\(escaped(Self.shortened(label, to: room)))</text>"
        if !right.isEmpty {
            text += "<text class=\"size\" x=\"\(left + width - 8)\" y=\"\(top + 15)\">\(escaped(right))</text>"
        }
        text += "</g>\n"
    }

    /// Without its middle, where it is too long: names begin with a registry and end with a tag.
    private static func shortened(_ text: String, to limit: Int) -> String {
        guard text.count > limit, limit > 8 else { return text }
        let tail = (limit - 1) * 2 / 3
        return "\(text.prefix(limit - 1 - tail))…\(text.suffix(tail))"
    }

    private func escaped(_ text: String) -> String {
        var escaped = ""
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if !escaped.isEmpty { escaped += "\n" }
            for character in String(part).printable().unicodeScalars {
                switch character {
                case "&": escaped += "&amp;"
                case "<": escaped += "&lt;"
                case ">": escaped += "&gt;"
                case "\"": escaped += "&quot;"
                default: escaped.unicodeScalars.append(character)
                }
            }
        }
        return escaped
    }

    private static let style = """
        :root { --page: #ffffff; --ink: #1b2733; --faint: #5c6b7a; --edge: #b9c5d1; --manifest: #f3f5f7;
          --image: #dcebf9; --layer: #eef1f4; --bar: #cfd8e1; --shared: #fdeedd; --sharedbar: #f9cf9f; --common: #cc6a14; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #12181f; --ink: #e3eaf1; --faint: #98a7b6; --edge: #465462; --manifest: #1e2730;
            --image: #1d3a55; --layer: #1e2730; --bar: #33414e; --shared: #3c2a17; --sharedbar: #6b4519;
            --common: #f0994a; }
        }
        text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
        .title { font-size: 20px; font-weight: 600; }
        .note, .head { fill: var(--faint); } .head { font-weight: 600; }
        .size { text-anchor: end; fill: var(--faint); }
        .page { fill: var(--page); }
        rect { stroke: none; }
        .manifest rect { fill: var(--manifest); stroke: var(--edge); }
        .image rect { fill: var(--image); }
        .layer rect { fill: var(--layer); } .layer .share { fill: var(--bar); }
        .shared rect { fill: var(--shared); } .shared .share { fill: var(--sharedbar); }
        .line { fill: none; stroke: var(--edge); stroke-width: 1.2; }
        .common { stroke: var(--common); stroke-opacity: 0.7; }
        g:hover > rect:first-of-type { stroke: var(--common); stroke-width: 2; }
        """
}
