import FoundationEssentials
import Frames
import OCI
import SystemPackage
import TestSupport
import Testing

/// Frames of one file in another: as they are, checked, and only whole.
@Suite struct TakingOverTests {
    private static let front = content(700_000)
    private static let rest: [(coding: FrameCoding, bytes: Data)] = [
        (.compressed(level: 3), content(5_000_000)), (.raw, content(4_500_000)), (.compressed(level: 1), content(10)),
        (.raw, content(1)),
    ]

    /// Writes `front` anew and then the frames of `original` from `offset` on.
    private static func takeOver(_ original: FilePath, from offset: Int64, to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        try file.closeAfter {
            let writer = try FrameWriter(to: file, at: path, workers: 2)
            do {
                try writer.cut(.compressed(level: 12))
                try front.withUnsafeBytes { try writer.write($0) }
                try writer.append(framesOf: FramedFile(opening: original), from: offset) { _ in }
                _ = try writer.finish()
            } catch {
                writer.cancel()
                throw error
            }
        }
    }

    @Test func givesTheBytesThatWritingAnewGives() throws {
        let folder = TemporaryDirectory()
        let (old, new, expected) = (folder.file("old"), folder.file("new"), folder.file("expected"))
        try writeFramed([(.raw, content(123))] + Self.rest, to: old)
        try writeFramed([(.compressed(level: 12), Self.front)] + Self.rest, to: expected)
        try Self.takeOver(old, from: 123, to: new)
        #expect(try contents(of: new) == contents(of: expected))
    }

    @Test(arguments: [122, 124, 10_000_000_000, -1]) func takesNoPartOfAFrame(_ offset: Int64) throws {
        let folder = TemporaryDirectory()
        try writeFramed([(.raw, content(123))] + Self.rest, to: folder.file("old"))
        #expect(throws: FramesError.self) {
            try Self.takeOver(folder.file("old"), from: offset, to: folder.file("new"))
        }
    }

    @Test func takesNoFrameThatIsDamaged() throws {
        let folder = TemporaryDirectory()
        let old = folder.file("old")
        try writeFramed([(.raw, content(123))] + Self.rest, to: old)
        let whole = try contents(of: old)
        for place in stride(from: 200, to: whole.count, by: whole.count / 23) {
            var damaged = whole
            damaged[place] ^= 0x20
            try write(damaged, to: old)
            #expect(throws: FramesError.self, "byte \(place)") {
                try Self.takeOver(old, from: 123, to: folder.file("new"))
            }
        }
    }
}
