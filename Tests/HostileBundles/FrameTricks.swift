internal import SystemPackage
internal import TestSupport

/// Tables and frames that lie; digests and seals are those of the lie where nothing else is said.
extension HostileArchive {
    private static func frames(
        _ name: String, _ complaint: String, _ change: @escaping @Sendable (inout ForgedFrames) throws -> Void
    ) -> HostileArchive {
        HostileArchive("frames: \(name)", complaint) { path in
            try SampleBundle().write(to: path)
            var forged = ForgedFrames(of: try contents(of: path))
            try change(&forged)
            try TestSupport.write(forged.file, to: path)
        }
    }

    /// In place of the first frame.
    private static func bomb(_ name: String, _ complaint: String, _ bytes: [UInt8]) -> HostileArchive {
        frames(name, complaint) { $0.frames[0] = .init(bytes, contentCount: $0.frames[0].contentCount) }
    }

    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// Blocks that repeat one byte, 128 KiB each (RFC 8878, 3.1.1.2.2): four bytes for each.
    private static func repeating(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { index in
            ForgedFrames.little(UInt32(128 << 10) << 3 | 0b10 | (index == count - 1 ? 1 : 0)).prefix(3) + [0x41]
        }
    }

    package static let frameTricks: [HostileArchive] = [
        frames("they overlap", "damaged in bytes") {
            // One byte more for the first, one less for the second; each digest is that of its range.
            $0.frames[0].bytes.append($0.frames[1].bytes.removeFirst())
            $0.frames[0].count += 1
            $0.frames[1].count -= 1
        },
        frames("the last is out of range", "add up") { $0.frames[$0.frames.count - 1].count += 1000 },
        frames("the first is longer than the file", "impossible size") { $0.frames[0].count = .max },
        frames("the first is empty", "impossible size") { $0.frames[0].count = 0 },
        frames("4 GiB of content", "impossible size") { $0.frames[0].contentCount = .max },
        frames("no content", "impossible size") { $0.frames[0].contentCount = 0 },
        frames("a byte of content more", "canonical form") { $0.frames[0].contentCount += 1 },
        frames("a byte of raw content more", "goes on for 1 bytes") { forged in
            let place = forged.frames.firstIndex { !$0.isCompressed } ?? 0
            forged.frames[place].contentCount += 1
        },
        frames("two in each other's place", "") { $0.frames.swapAt($0.frames.count - 1, $0.frames.count - 2) },
        frames("one twice", "") { $0.frames.append($0.frames[$0.frames.count - 1]) },
        frames("one missing", "") { $0.frames.removeLast() },
        frames("none", "") { $0.frames = [] },
        frames("an empty frame more", "impossible size") { $0.frames.append(.init(magic, contentCount: 0)) },
        frames("a table of too many entries", "entries; at most") { $0.frameCount = .max },
        frames("a table larger than the file", "larger than the file") { $0.frameCount = 200_000 },
        frames("a table of no entries", "is empty") { $0.frameCount = 0 },
        frames("a table of one entry", "") { $0.frameCount = 1 },
        frames("a wrong digest", "don't match their digest") { $0.frames[0].digest = [UInt8](repeating: 7, count: 32) },
        frames("a wrong seal", "don't match their seal") { $0.spoilsSeal = true },
        frames("an unknown kind", "no known kind") { $0.frames[0].kind = 2 },
        frames("a compressed one as raw", "") { $0.frames[0].isCompressed = false },
        frames("a raw one as compressed", "") { forged in
            for place in forged.frames.indices where !forged.frames[place].isCompressed {
                forged.frames[place].isCompressed = true
                forged.frames[place].kind = 0
            }
        },
        frames("another version of the digests", "version") { $0.version = 2 },
        frames("a descriptor with checksums", "descriptor is not 0") { $0.descriptor = 0x80 },
        HostileArchive("frames: the table of another file", "") { path in
            try SampleBundle().write(to: path)
            let sound = ForgedFrames(of: try contents(of: path))
            try SampleBundle { $0.images.removeLast() }.write(to: path)
            try TestSupport.write(sound.frames.flatMap(\.bytes) + ForgedFrames(of: contents(of: path)).tables, to: path)
        },
        HostileArchive("frames: as many as are read, and nothing in them", "is missing") { path in
            var one = ForgedFrames.Frame(magic + [0x24, 1, 9, 0, 0, 0, 0x68, 0x27, 0x05, 0xDB], contentCount: 1)
            one.digest = ForgedFrames.sha256(one.bytes)
            try TestSupport.write(ForgedFrames(Array(repeating: one, count: 1 << 18)).file, to: path)
        },
        bomb(
            "a bomb of a declared exabyte", "canonical form",
            magic + [0b1110_0000, 0, 0, 0, 0, 0, 0, 0, 0x10] + repeating(1000)),
        bomb("a bomb of an undeclared size", "canonical form", magic + [0, 0x58] + repeating(100_000)),
        bomb("a bomb with the largest window", "canonical form", magic + [0, 0xFF] + repeating(1000)),
        frames("a bomb in the canonical form", "damaged in bytes 0 to") {
            let size = ForgedFrames.little($0.frames[0].contentCount - 256).prefix(2)
            $0.frames[0] = .init(
                magic + [0b0110_0100] + size + repeating(100_000), contentCount: $0.frames[0].contentCount)
        },
    ]
}
