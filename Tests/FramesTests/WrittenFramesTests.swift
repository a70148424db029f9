import FoundationEssentials
import Frames
import SystemPackage
import TestSupport
import Testing
import Threads

/// Frames that are read again while others are still to be written.
@Suite struct WrittenFramesTests {
    private static func create(_ path: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(
            path, .readWrite, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
    }

    private static func bytes(of file: FramedFile, _ range: Range<Int64>) throws -> Data {
        var bytes = Data()
        try FrameReader(file).read(range) { bytes.append(contentsOf: $0) }
        return bytes
    }

    @Test func givesWhatWasWrittenBeforeTheEnd() throws {
        let folder = TemporaryDirectory()
        let file = try Self.create(folder.file("x"))
        try file.closeAfter {
            let writer = try FrameWriter(to: file, at: folder.file("x"), workers: 2)
            let (raw, compressed) = (content(9_000_000), content(5_000_000))
            try writer.cut(.raw)
            try raw.withUnsafeBytes { try writer.write($0) }
            try writer.cut(.compressed(level: 1))
            try compressed.withUnsafeBytes { try writer.write($0) }
            try writer.cut(.raw)
            // Across two frames, at the front, at the end, and across both codings.
            for range: Range<Int64> in [
                4_000_000..<4_500_000, 0..<1, 13_000_000..<14_000_000, 8_999_000..<9_001_000, 0..<14_000_000,
            ] {
                let held = try #require(try writer.written.file(holding: range))
                let expected = (raw + compressed)[Int(range.lowerBound)..<Int(range.upperBound)]
                #expect(try Self.bytes(of: held, range) == expected, "\(range)")
            }
            _ = try writer.finish()
            #expect(try writer.written.file(holding: 0..<14_000_001) == nil)
            #expect(try writer.written.file(holding: 1..<2) == nil)
        }
    }

    @Test func waitsForWhatIsStillToCome() async throws {
        let folder = TemporaryDirectory()
        let file = try Self.create(folder.file("x"))
        let writer = try FrameWriter(to: file, at: folder.file("x"), workers: 1)
        let written = writer.written
        async let found = onThread("read") {
            try written.file(holding: 100..<200).map { try Self.bytes(of: $0, 100..<200) }
        }
        let all = content(300)
        try all[..<150].withUnsafeBytes { try writer.write($0) }
        try writer.cut(.raw)
        try all[150...].withUnsafeBytes { try writer.write($0) }
        try writer.cut(.raw)
        #expect(try await found == all[100..<200])
        _ = try writer.finish()
        try file.close()
    }

    @Test func endsTheWaitWhenTheWriterIsCancelled() async throws {
        let folder = TemporaryDirectory()
        let file = try Self.create(folder.file("x"))
        let writer = try FrameWriter(to: file, at: folder.file("x"), workers: 1)
        let written = writer.written
        async let found = onThread("read") { try written.file(holding: 0..<1) == nil }
        writer.cancel()
        #expect(try await found)
        try file.close()
    }

    @Test func saysWhyTheWriterFailed() async throws {
        let file = try FileDescriptor.open("/dev/full", .readWrite)
        let writer = try FrameWriter(to: file, at: "/dev/full", workers: 1)
        let written = writer.written
        try content(10).withUnsafeBytes { try writer.write($0) }
        try writer.cut(.raw)
        let error = #expect(throws: FramesError.self) { try written.file(holding: 0..<10) }
        #expect("\(try #require(error))".contains("/dev/full"))
        writer.cancel()
        #expect(throws: FramesError.self) { try written.file(holding: 0..<10) }
        try file.close()
    }
}
