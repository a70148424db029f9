/// One thing that is done to a bundle's archive, and that `verify` must find.
package enum Damage: Hashable, Sendable {
    /// One bit is another.
    case flip(offset: Int, bit: Int)
    /// Nothing is left from there on.
    case cut(Int)
    /// Part of another bundle is in it.
    case splice(Splice, UInt64)

    /// What is taken from the other bundle, and whether the tables were made anew.
    package enum Splice: CaseIterable, Sendable {
        case head, tail, stretch, frame, frameWithNewTables, tables, appended, prepended
    }

    /// A kind of damage, as in `campaign`.
    package enum Kind: String, CaseIterable, Sendable {
        case flip = "bit flips"
        case cut = "truncations"
        case splice = "splices"
    }

    /// The one of a kind with this number, the same for the same seed and archive.
    package init(_ kind: Kind, number: Int, seed: UInt64, of size: Int) {
        var numbers = SeededNumbers(seed: seed &* 1_000_003 &+ UInt64(number))
        switch kind {
        case .flip:
            self = .flip(offset: .random(in: 0..<size, using: &numbers), bit: .random(in: 0..<8, using: &numbers))
        case .cut: self = .cut(.random(in: 0..<size, using: &numbers))
        case .splice:
            let all = Splice.allCases
            self = .splice(all[number % all.count], numbers.next())
        }
    }

    /// The damaged archive; equal to one of the two where by chance nothing has changed.
    package func applied(to good: [UInt8], other: [UInt8]) -> [UInt8] {
        switch self {
        case .flip(let offset, let bit):
            var bytes = good
            bytes[offset] ^= 1 << bit
            return bytes
        case .cut(let length): return Array(good[..<length])
        case .splice(let splice, let seed): return Self.spliced(good, other, splice, SeededNumbers(seed: seed))
        }
    }

    private static func spliced(
        _ good: [UInt8], _ other: [UInt8], _ splice: Splice, _ numbers: SeededNumbers
    ) -> [UInt8] {
        var numbers = numbers
        var frames = ForgedFrames(of: good)
        let others = ForgedFrames(of: other)
        let place = Int.random(in: 0..<min(good.count, other.count), using: &numbers)
        switch splice {
        case .head: return Array(other[..<place] + good[place...])
        case .tail: return Array(good[..<place] + other[place...])
        case .stretch:
            let end = min(place + .random(in: 1...(1 << 20), using: &numbers), good.count, other.count)
            return Array(good[..<place] + other[place..<end] + good[end...])
        case .frame, .frameWithNewTables:
            let tables = frames.tables
            let place = Int.random(in: frames.frames.indices, using: &numbers)
            frames.frames[place] = others.frames[.random(in: others.frames.indices, using: &numbers)]
            return splice == .frame ? frames.frames.flatMap(\.bytes) + tables : frames.file
        case .tables: return frames.frames.flatMap(\.bytes) + others.tables
        case .appended: return good + other
        case .prepended: return other + good
        }
    }
}
