/// A rectangle on the map, in any unit.
struct Area: Hashable, Sendable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double
}

/// Rectangles as large as what they stand for, and as near to squares as that allows.
///
/// Squarified treemaps, Bruls, Huizing and van Wijk, 2000: rows are laid along the shorter side of what is left, each as
/// long as that makes its worst rectangle better.
enum Treemap {
    /// The places of `weights`, in their order, which is largest first; they fill `whole`.
    ///
    /// Weights are positive; there is no place in a `whole` of nothing.
    static func areas(of weights: [Double], in whole: Area) -> [Area] {
        let sum = weights.reduce(0, +)
        guard sum > 0, whole.width > 0, whole.height > 0 else {
            return weights.map { _ in Area(x: 0, y: 0, width: 0, height: 0) }
        }
        let scale = whole.width * whole.height / sum
        var rest = whole
        var areas: [Area] = []
        var row: [Double] = []
        for weight in weights {
            let size = weight * scale
            let side = min(rest.width, rest.height)
            if !row.isEmpty, worst(row + [size], along: side) > worst(row, along: side) {
                areas += place(row, in: &rest)
                row = []
            }
            row.append(size)
        }
        return areas + place(row, in: &rest)
    }

    /// The worst ratio of two sides in a row.
    private static func worst(_ row: [Double], along side: Double) -> Double {
        let sum = row.reduce(0, +)
        guard sum > 0, side > 0 else { return .infinity }
        let (least, most) = (row.min() ?? 0, row.max() ?? 0)
        return max(side * side * most / (sum * sum), sum * sum / (side * side * max(least, .leastNormalMagnitude)))
    }

    private static func place(_ row: [Double], in rest: inout Area) -> [Area] {
        let sum = row.reduce(0, +)
        let isUpright = rest.width >= rest.height
        let side = isUpright ? rest.height : rest.width
        guard sum > 0, side > 0 else { return row.map { _ in Area(x: rest.x, y: rest.y, width: 0, height: 0) } }
        let depth = sum / side
        var offset = 0.0
        let areas = row.map { size in
            let length = size / depth
            defer { offset += length }
            return isUpright
                ? Area(x: rest.x, y: rest.y + offset, width: depth, height: length)
                : Area(x: rest.x + offset, y: rest.y, width: length, height: depth)
        }
        if isUpright {
            rest.x += depth
            rest.width = max(0, rest.width - depth)
        } else {
            rest.y += depth
            rest.height = max(0, rest.height - depth)
        }
        return areas
    }
}
