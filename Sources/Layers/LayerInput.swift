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
        case .gzip: try inflated(blob)
        case .zstd: try decompressed(blob)
        case .none: blob
        }
    }

    /// What gzip members hold (RFC 1952, 2.2).
    private static func inflated(_ blob: ByteStream) throws(ReadFault) -> MemberSource {
        let inflater: Inflater
        do { inflater = try Inflater(.gzip) } catch { throw ReadFault(error.description) }
        return MemberSource(blob) { first in
            // Zeros behind the last member are padding, as gzip itself takes it.
            guard first != 0 else { return false }
            inflater.restart()
            return true
        } step: { input, target in
            let step = try inflater.step(input, into: target)
            return (step.taken, step.given, step.hasEnded)
        }
    }

    /// What zstd frames hold (RFC 8878, 3).
    private static func decompressed(_ blob: ByteStream) throws(ReadFault) -> MemberSource {
        let stream: ZstdStream
        do { stream = try ZstdStream(windowLog: windowLog) } catch { throw ReadFault(error.description) }
        return MemberSource(blob) { _ in
            true
        } step: { input, target in
            let step = try stream.step(input, into: target)
            return (step.taken, step.given, step.hasEnded)
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

/// What compressed members, or frames, hold, one after the other.
private final class MemberSource: ByteSource {
    /// Decodes what is at hand of a member.
    typealias Step = (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws -> (
        taken: Int, given: Int, hasEnded: Bool
    )

    private let compressed: ByteStream
    private let begin: (UInt8) -> Bool
    private let step: Step
    private var isInMember = false

    /// `begin` makes ready for a member that begins with a byte; `false` where none can, and nothing more follows.
    init(_ compressed: ByteStream, begin: @escaping (UInt8) -> Bool, step: @escaping Step) {
        self.compressed = compressed
        self.begin = begin
        self.step = step
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        while true {
            let input = try compressed.look(ahead: 1)
            if !isInMember {
                guard let first = input.first, begin(first) else { return 0 }
            }
            let (taken, given, hasEnded): (Int, Int, Bool)
            do { (taken, given, hasEnded) = try step(input, target) } catch {
                throw ReadFault("its compressed bytes are damaged: \(error)")
            }
            compressed.advance(taken)
            isInMember = !hasEnded
            if given > 0 { return given }
            guard !input.isEmpty || hasEnded else { throw ReadFault("its compressed bytes are cut off") }
        }
    }
}
