import Frames
import SystemPackage
import TestSupport
import Testing

@Suite struct PeekTests {
    /// Two compressed kilobytes, then five raw mebibytes: a full frame, and a second one.
    private func makeFile(in folder: borrowing TemporaryDirectory) throws -> (file: FramedFile, content: [UInt8]) {
        let path = folder.file("peek")
        let content = seededBytes(2000, seed: 1) + seededBytes(5 << 20, seed: 2)
        let file = try FileDescriptor.open(
            path, .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644))
        try file.closeAfter {
            let writer = try FrameWriter(to: file, at: path, workers: 1)
            try writer.cut(.compressed(level: 1))
            try content[..<2000].withUnsafeBytes { try writer.write($0) }
            try writer.cut(.raw)
            try content[2000...].withUnsafeBytes { try writer.write($0) }
            _ = try writer.finish()
        }
        return (try FramedFile(opening: path), content)
    }

    @Test(arguments: [
        2000..<2018, 2000..<2001, 133_060..<133_090, 4_196_290..<4_196_330, (2000 + (5 << 20) - 4)..<(2000 + (5 << 20)),
        2500..<300_000, 3000..<3000,
    ]) func rawContentIsReadWhereItStands(_ range: Range<Int>) throws {
        let folder = TemporaryDirectory()
        let (file, content) = try makeFile(in: folder)
        #expect(try file.peek(Int64(range.lowerBound)..<Int64(range.upperBound)) == Array(content[range]))
    }

    @Test(arguments: [0..<18, 1990..<2010, 5_244_870..<5_244_890, 6_000_000..<6_000_001])
    func whatIsCompressedOrBeyondTheEndIsNot(_ range: Range<Int>) throws {
        let folder = TemporaryDirectory()
        let (file, _) = try makeFile(in: folder)
        #expect(try file.peek(Int64(range.lowerBound)..<Int64(range.upperBound)) == nil)
    }
}
