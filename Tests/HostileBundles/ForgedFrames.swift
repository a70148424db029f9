internal import OCI

/// A framed file taken apart and put together again, with whatever lies: an implementation of
/// docs/archive-format.md of its own, so that both ends are not wrong in the same way.
package struct ForgedFrames: Sendable {
    /// A frame, and what the tables say about it.
    package struct Frame: Sendable {
        package var bytes: [UInt8]
        package var isCompressed: Bool
        /// The lengths that the seek table has.
        package var count: UInt32
        package var contentCount: UInt32
        /// `nil`: the right one.
        package var digest: [UInt8]?
        package var kind: UInt8?

        package init(_ bytes: [UInt8], contentCount: UInt32, isCompressed: Bool = true) {
            self.bytes = bytes
            self.isCompressed = isCompressed
            count = UInt32(bytes.count)
            self.contentCount = contentCount
        }
    }

    package var frames: [Frame]
    package var version: UInt8 = 1
    package var descriptor: UInt8 = 0
    /// What the footer says; `nil`: the right number.
    package var frameCount: UInt32?
    package var spoilsSeal = false

    package init(_ frames: [Frame]) { self.frames = frames }

    /// Takes a sound file apart.
    package init(of file: [UInt8]) {
        func integer(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) } }
        let total = integer(file.count - 9)
        let table = file.count - 9 - total * 8
        var digests = table - 8 - integer(table + (total - 1) * 8) + 9
        var offset = 0
        frames = (0..<(total - 1)).map { index in
            let count = integer(table + index * 8)
            let isCompressed = file[digests] == 1
            digests += isCompressed ? 33 : 1
            defer { offset += count }
            return Frame(
                Array(file[offset..<(offset + count)]), contentCount: UInt32(integer(table + index * 8 + 4)),
                isCompressed: isCompressed)
        }
    }

    /// Where the frames start in the file, and last where they end.
    package var borders: [Int] { frames.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.bytes.count) } }

    /// The frames as they stand in the file, and the tables.
    package var file: [UInt8] { frames.flatMap(\.bytes) + tables }

    /// The two skippable frames at the end.
    package var tables: [UInt8] {
        var sealed = [version]
        for frame in frames {
            sealed.append(frame.kind ?? (frame.isCompressed ? 1 : 0))
            if frame.isCompressed { sealed += frame.digest ?? Self.sha256(frame.bytes) }
        }
        var entries = frames.flatMap { Self.little($0.count) + Self.little($0.contentCount) }
        entries += Self.little(UInt32(8 + sealed.count + 32)) + Self.little(0)
        entries += Self.little(frameCount ?? UInt32(frames.count + 1)) + [descriptor]
        entries += Self.little(0x8F92_EAB1)
        let table = Self.little(0x184D_2A5E) + Self.little(UInt32(entries.count)) + entries
        var seal = Self.sha256(sealed + table)
        if spoilsSeal { seal[0] ^= 1 }
        return Self.little(0x184D_2A5D) + Self.little(UInt32(sealed.count + 32)) + sealed + seal + table
    }

    static func little(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = DigestHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.digest().bytes
    }
}
