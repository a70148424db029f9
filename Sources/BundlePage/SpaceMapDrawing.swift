internal import BundleFormat

/// A map as HTML, and its places as rules of CSS: two of them, for a page that is wide and for one that is narrow.
///
/// Rules and not `style` attributes, since the page's policy takes no style but the one whose hash it names.
struct SpaceMapDrawing {
    let html: Markup
    let style: String
    let narrowStyle: String

    /// The proportions that the style sheet gives to the map.
    static let wide = Area(x: 0, y: 0, width: 160, height: 84)
    static let narrow = Area(x: 0, y: 0, width: 90, height: 130)

    init(_ map: SpaceMap) {
        let groups = map.groups
        let wide = Places(groups, in: Self.wide)
        let narrow = Places(groups, in: Self.narrow)
        html = groups.enumerated().map { Self.group($1, $0, wide, narrow) }.joined()
        style = wide.rules
        narrowStyle = narrow.rules
    }

    private static func group(_ group: SpaceMap.Group, _ index: Int, _ wide: Places, _ narrow: Places) -> Markup {
        let cells = group.cells.enumerated().map { number, cell in
            // Where the details open: away from the map's nearest edges.
            let sides = wide.sides(index, number, ["r", "u"]) + narrow.sides(index, number, ["nr", "nu"])
            let name = sides.isEmpty ? "" : Markup(trusted: " class=\"\(sides.joined(separator: " "))\"")
            return """
                <li id="c\(index)-\(number)" tabindex="0"\(name)><span class="label">\(cell.label)<small>\(ByteCount(cell.bytes))</small></span>\
                <span class="tip"><b>\(ByteCount(cell.bytes))</b> \(cell.detail)</span></li>

                """ as Markup
        }
        return """
            <li id="g\(index)" class="group \(group.kind.rawValue)"><a href="#\(group.link)">\(group.title) \
            <span>\(ByteCount(group.bytes))</span></a><ul>
            \(cells.joined())</ul></li>

            """
    }

    /// Where everything is on a map of some proportions.
    private struct Places {
        private let whole: Area
        private let groups: [Area]
        private let cells: [[Area]]

        init(_ groups: [SpaceMap.Group], in whole: Area) {
            self.whole = whole
            self.groups = Treemap.areas(of: groups.map { Double($0.bytes) }, in: whole)
            cells = zip(groups, self.groups).map { group, area in
                Treemap.areas(of: group.cells.map { Double($0.bytes) }, in: area)
            }
        }

        var rules: String {
            var rules = ""
            for (index, area) in groups.enumerated() {
                rules += Self.rule("g\(index)", area, in: whole)
                for (number, cell) in cells[index].enumerated() {
                    rules += Self.rule("c\(index)-\(number)", cell, in: area)
                }
            }
            return rules
        }

        /// Those of `names` whose side of the map is nearer: right, lower.
        func sides(_ group: Int, _ cell: Int, _ names: [String]) -> [String] {
            let area = cells[group][cell]
            let isRight = area.x + area.width / 2 > whole.width / 2
            let isLow = area.y + area.height / 2 > whole.height / 2
            return (isRight ? [names[0]] : []) + (isLow ? [names[1]] : [])
        }

        private static func rule(_ id: String, _ area: Area, in whole: Area) -> String {
            let values = [
                ("left", (area.x - whole.x) / whole.width), ("top", (area.y - whole.y) / whole.height),
                ("width", area.width / whole.width), ("height", area.height / whole.height),
            ]
            return "#\(id){" + values.map { "\($0):\(percent($1))" }.joined(separator: ";") + "}\n"
        }

        /// Thousandths of a percent are less than a pixel on any screen.
        private static func percent(_ share: Double) -> String {
            guard share.isFinite else { return "0" }
            let thousandths = Int((share * 100_000).rounded())
            let fraction = String(thousandths % 1000)
            return "\(thousandths / 1000).\(String(repeating: "0", count: max(0, 3 - fraction.count)))\(fraction)%"
        }
    }
}
