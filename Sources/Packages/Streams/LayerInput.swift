internal import Frames
internal import Inflate

/// The blob itself, from whoever has it.
final class BlobSource: ByteSource {
    private let pull: (UnsafeMutableRawBufferPointer) -> Int

    /// `pull` fills a buffer and returns how many bytes it put there, 0 at the end.
    init(_ pull: @escaping (UnsafeMutableRawBufferPointer) -> Int) { self.pull = pull }

    func read(into target: UnsafeMutableRawBufferPointer) -> Int { pull(target) }
}

/// A layer's tar, whatever it is compressed with.
enum LayerInput {
    /// The largest window of a zstd frame: twice what the slowest encoders of layers choose.
    static let windowLog: Int32 = 24
    private static let pieceSize = 256 << 10
    private static let gzipMagic: [UInt8] = [0x1F, 0x8B]
    private static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    /// The sixteen magic numbers of skippable frames differ in the first byte only (RFC 8878, 3.1.2).
    private static let skippableMagic: [UInt8] = [0x2A, 0x4D, 0x18]

    /// The tar inside `blob`; told by its first bytes, since media types are often wrong.
    static func tar(of blob: ByteStream) throws(ReadFault) -> ByteStream {
        switch compression(of: try blob.look(ahead: 4)) {
        case .gzip: ByteStream(try GzipSource(blob), capacity: pieceSize)
        case .zstd: ByteStream(try ZstdSource(blob), capacity: pieceSize)
        case .none: blob
        }
    }

    /// What a blob that begins with `start` is compressed with.
    static func compression(of start: UnsafeRawBufferPointer) -> LayerTar.Compression {
        if start.starts(with: gzipMagic) { return .gzip }
        let isSkippable = start.count >= 4 && start[0] & 0xF0 == 0x50 && start[1...].starts(with: skippableMagic)
        return start.starts(with: zstdMagic) || isSkippable ? .zstd : .none
    }
}

/// What gzip members hold, one after the other (RFC 1952, 2.2).
private final class GzipSource: ByteSource {
    private let compressed: ByteStream
    private let inflater: Inflater
    private var isInMember = true

    init(_ compressed: ByteStream) throws(ReadFault) {
        self.compressed = compressed
        do { inflater = try Inflater(.gzip) } catch { throw ReadFault(error.description) }
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        while true {
            let input = try compressed.look(ahead: 1)
            if !isInMember {
                // Zeros behind the last member are padding, as gzip itself takes it.
                guard let first = input.first, first != 0 else { return 0 }
                inflater.restart()
                isInMember = true
            }
            let step: Inflater.Step
            do { step = try inflater.step(input, into: target) } catch {
                throw ReadFault("its compressed bytes are damaged: \(error)")
            }
            compressed.advance(step.taken)
            isInMember = !step.hasEnded
            if step.given > 0 { return step.given }
            guard !input.isEmpty || step.hasEnded else { throw ReadFault("its compressed bytes are cut off") }
        }
    }
}

/// What zstd frames hold, one after the other (RFC 8878, 3).
private final class ZstdSource: ByteSource {
    private let compressed: ByteStream
    private let decoder: ZstdStream
    private var isInFrame = false

    init(_ compressed: ByteStream) throws(ReadFault) {
        self.compressed = compressed
        do { decoder = try ZstdStream(windowLog: LayerInput.windowLog) } catch {
            throw ReadFault(error.description)
        }
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        while true {
            let input = try compressed.look(ahead: 1)
            guard !input.isEmpty || isInFrame else { return 0 }
            let step: ZstdStream.Step
            do { step = try decoder.step(input, into: target) } catch {
                throw ReadFault("its compressed bytes are damaged: \(error)")
            }
            compressed.advance(step.taken)
            isInFrame = !step.hasEnded
            if step.given > 0 { return step.given }
            guard !input.isEmpty || step.hasEnded else { throw ReadFault("its compressed bytes are cut off") }
        }
    }
}

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
