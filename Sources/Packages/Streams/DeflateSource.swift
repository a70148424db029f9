internal import Inflate
internal import Layers

/// What a stream without wrapping holds: an entry of a zip archive.
final class DeflateSource: ByteSource {
    private let compressed: ByteStream
    private let inflater: Inflater
    private let budget: Budget
    private let first: Int64
    private(set) var hasEnded = false
    private(set) var given: Int64 = 0

    /// Decodes from where `compressed` is; what it gives is charged to `budget`.
    init(_ compressed: ByteStream, inflater: Inflater, budget: Budget) {
        self.compressed = compressed
        self.inflater = inflater
        self.budget = budget
        first = compressed.position
        inflater.restart()
    }

    /// How many compressed bytes were used.
    var taken: Int64 { compressed.position - first }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        while !hasEnded {
            let input = try compressed.look(ahead: 1)
            let step: Inflater.Step
            do { step = try inflater.step(input, into: target) } catch {
                throw ReadFault("\(error)")
            }
            compressed.advance(step.taken)
            hasEnded = step.hasEnded
            given += Int64(step.given)
            try budget.spend(step.given)
            if step.given > 0 { return step.given }
            guard !input.isEmpty || hasEnded else { throw ReadFault("a compressed entry is cut off") }
        }
        return 0
    }
}

/// What may still be unpacked of a layer's archives: an archive of a kilobyte can hold a petabyte.
final class Budget {
    private var left: Int64
    private let limit: Int64

    init(_ limit: Int64) {
        self.limit = limit
        left = limit
    }

    /// Throws once more was spent than there was.
    func spend(_ count: Int) throws(ReadFault) {
        left -= Int64(count)
        guard left >= 0 else {
            throw ReadFault("the layer's archives hold more than \(limit >> 30) GiB; no more is unpacked")
        }
    }
}
