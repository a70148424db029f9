import Testing

@testable import BundlePage

/// Places on the map: as large as what they stand for, inside, and apart.
@Suite struct TreemapTests {
    private static let whole = Area(x: 10, y: 20, width: 160, height: 84)

    private static let weights: [[Double]] = [
        [1], [1, 1], [6, 6, 4, 3, 2, 2, 1], [1e6, 1, 1, 1], Array(repeating: 3, count: 400),
        (1...90).map { 1e9 / Double($0 * $0) },
    ]

    @Test(arguments: weights)
    func fillTheWholeWithoutOverlap(_ weights: [Double]) {
        let areas = Treemap.areas(of: weights, in: Self.whole)
        #expect(areas.count == weights.count)
        let sum = weights.reduce(0, +)
        let surface = Self.whole.width * Self.whole.height
        for (area, weight) in zip(areas, weights) {
            #expect(abs(area.width * area.height - weight / sum * surface) < 1e-6 * surface)
            #expect(area.x > Self.whole.x - 1e-6 && area.y > Self.whole.y - 1e-6)
            #expect(area.x + area.width < Self.whole.x + Self.whole.width + 1e-6)
            #expect(area.y + area.height < Self.whole.y + Self.whole.height + 1e-6)
        }
        for (index, area) in areas.enumerated() {
            for other in areas[(index + 1)...] {
                let across = min(area.x + area.width, other.x + other.width) - max(area.x, other.x)
                let down = min(area.y + area.height, other.y + other.height) - max(area.y, other.y)
                #expect(across < 1e-6 || down < 1e-6)
            }
        }
    }

    /// The example of the paper: no rectangle is longer than three times its width.
    @Test func areNearSquares() {
        for area in Treemap.areas(of: [6, 6, 4, 3, 2, 2, 1], in: Area(x: 0, y: 0, width: 6, height: 4)) {
            #expect(max(area.width / area.height, area.height / area.width) < 3)
        }
    }

    @Test func areNowhereWhereNothingIs() {
        #expect(Treemap.areas(of: [], in: Self.whole).isEmpty)
        let flat = Treemap.areas(of: [2, 1], in: Area(x: 0, y: 0, width: 5, height: 0))
        #expect(flat.allSatisfy { $0.width * $0.height == 0 })
    }
}
