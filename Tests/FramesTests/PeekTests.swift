import Frames
import SystemPackage
import TestSupport
import Testing

@Suite struct PeekTests {
    /// Two compressed kilobytes, then five raw mebibytes: a full frame, and a second one.
    private func makeFile(in folder: borrowing TemporaryDirectory) throws -> (file: FramedFile, content: [UInt8]) {
        let path = folder.file("peek")
        // Neighbouring blocks and frames differ everywhere, and nothing of it takes long to make.
        let block = seededBytes(4099, seed: 2)
        let raw = Array((0...(5 << 20) / block.count).map { _ in block }.joined().prefix(5 << 20))
        let content = seededBytes(2000, seed: 1) + raw
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

    @Test func onlyRawContentIsReadAndFromWhereItStands() throws {
        let folder = TemporaryDirectory()
        let (file, content) = try makeFile(in: folder)
        #expect(file.contentSize == Int64(2000 + (5 << 20)))
        for range in [
            2000..<2018, 2000..<2001, 133_060..<133_090, 4_196_290..<4_196_330, content.count - 4..<content.count,
            2500..<300_000, 3000..<3000,
        ] {
            let found = try file.peek(Int64(range.lowerBound)..<Int64(range.upperBound))
            #expect(found == Array(content[range]), "\(range)")
        }
        for range in [0..<18, 1990..<2010, content.count - 4..<content.count + 1] {
            let found = try file.peek(Int64(range.lowerBound)..<Int64(range.upperBound))
            #expect(found == nil, "\(range)")
        }
    }
}
