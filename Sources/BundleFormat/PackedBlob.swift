internal import Frames
package import OCI

/// A blob that stands in the archive already and can be read there once more while the rest is written.
package struct PackedBlob: Sendable {
    package let descriptor: Descriptor
    private let range: Range<Int64>
    private let frames: WrittenFrames

    init(_ descriptor: Descriptor, at range: Range<Int64>, in frames: WrittenFrames) {
        self.descriptor = descriptor
        self.range = range
        self.frames = frames
    }

    /// The blob's bytes; blocks until all are written. `nil` where that won't happen, since the archive was given up.
    package func payload() throws -> (any PayloadSource)? {
        try frames.file(holding: range).map { WrittenPayload(FrameReader($0), range) }
    }
}

private final class WrittenPayload: PayloadSource {
    private let reader: FrameReader
    private var rest: Range<Int64>

    init(_ reader: FrameReader, _ range: Range<Int64>) {
        self.reader = reader
        rest = range
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let end = min(rest.upperBound, rest.lowerBound + Int64(target.count))
        var room = target
        try reader.read(rest.lowerBound..<end) { piece in
            room.copyMemory(from: piece)
            room = UnsafeMutableRawBufferPointer(rebasing: room[piece.count...])
        }
        defer { rest = end..<rest.upperBound }
        return Int(end - rest.lowerBound)
    }
}
