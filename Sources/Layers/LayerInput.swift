internal import Frames
internal import Inflate

/// A layer's tar, whatever it is compressed with.
package enum LayerInput {
    /// The largest window of a zstd frame: twice what the slowest encoders of layers choose.
    static let windowLog: Int32 = 24
    private static let pieceSize = 256 << 10
    private static let gzipMagic: [UInt8] = [0x1F, 0x8B]
    private static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    /// The sixteen magic numbers of skippable frames differ in the first byte only (RFC 8878, 3.1.2).
    private static let skippableMagic: [UInt8] = [0x2A, 0x4D, 0x18]

    /// The tar inside `blob`, as ``content(of:)``, with a look ahead.
    package static func tar(of blob: ByteStream) throws(ReadFault) -> ByteStream {
        let content = try content(of: blob)
        return content === blob ? blob : ByteStream(content, capacity: pieceSize)
    }

    /// The tar inside `blob`; told by its first bytes, since media types are often wrong.
    package static func content(of blob: ByteStream) throws(ReadFault) -> any ByteSource {
        switch compression(of: try blob.look(ahead: 4)) {
        case .gzip: try GzipSource(blob)
        case .zstd: try ZstdSource(blob)
        case .none: blob
        }
    }

    /// What a blob can be compressed with.
    package enum Compression: Hashable, Sendable {
        case none, gzip, zstd
    }

    /// What a blob that begins with `start` is compressed with.
    package static func compression(of start: UnsafeRawBufferPointer) -> Compression {
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
