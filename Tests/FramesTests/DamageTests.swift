import FoundationEssentials
import Frames
import SystemPackage
import TestSupport
import Testing

@Suite struct DamageTests {
    /// Every form of frame header and both codings, in as few bytes as they fit in.
    private static func makeFile(at path: FilePath) throws {
        let text = Data(String(repeating: "what is sealed stays as it is; ", count: 60).utf8)
        try writeFramed(
            [
                (.raw, content(200)), (.compressed(level: 3), text), (.raw, content(700)),
                (.compressed(level: 3), content(500)), (.compressed(level: 3), Data(repeating: 0, count: 70_000)),
            ], to: path)
    }

    @Test func noByteCanChangeUnnoticed() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try Self.makeFile(at: path)
        let good = try contents(of: path)
        #expect((1500..<4000).contains(good.count))
        _ = try readFramed(path)
        let file = try FileDescriptor.open(path, .readWrite)
        try file.closeAfter {
            for offset in good.indices {
                for mask: UInt8 in [0x01, 0x80, 0xFF, 0x10] {
                    _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [good[offset] ^ mask])
                    #expect(throws: FramesError.self, "byte \(offset), mask \(mask)") { try readFramed(path) }
                }
                _ = try file.writeAll(toAbsoluteOffset: Int64(offset), [good[offset]])
            }
        }
        _ = try readFramed(path)
    }

    @Test func noEndCanBeMissing() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try Self.makeFile(at: path)
        let file = try FileDescriptor.open(path, .readWrite)
        try file.closeAfter {
            let size = try contents(of: path).count
            for length in (0..<size).reversed() {
                try file.resize(to: Int64(length))
                #expect(throws: FramesError.self, "\(length) bytes") { try FramedFile(opening: path) }
            }
        }
    }

    @Test(arguments: [[0], [1, 2, 3], Array("tail".utf8)] as [[UInt8]])
    func nothingCanBeAdded(_ tail: [UInt8]) throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try Self.makeFile(at: path)
        let good = try contents(of: path)
        for bytes in [good + tail, tail + good, good + good] {
            try write(bytes, to: path)
            #expect(throws: FramesError.self) { try readFramed(path) }
        }
    }

    @Test func anErrorNamesTheBytes() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try writeFramed([(.raw, content(100)), (.raw, content(200)), (.raw, content(300))], to: path)
        var bytes = try contents(of: path)
        bytes[150] ^= 1
        try write(bytes, to: path)
        let error = #expect(throws: FramesError.self) { try readFramed(path) }
        // Header 6, block header 3, checksum 4: a frame of 100 bytes is 113 long, one of 200 is 213.
        #expect(error.map { "\($0)" }?.contains("bytes 113 to 326 (frame 1)") == true, "\(error.debugDescription)")
        #expect(try readFramed(path, 0..<100) == content(100))
    }

    @Test func aFullDiskEndsTheWriting() throws {
        // /dev/full takes nothing: ENOSPC on every write.
        let full = try FileDescriptor.open("/dev/full", .writeOnly)
        try full.closeAfter {
            let writer = try FrameWriter(to: full, at: "/dev/full", workers: 2)
            defer { writer.cancel() }
            let bytes = content(5 << 20)
            let error = #expect(throws: FramesError.self) {
                for _ in 0..<20 { try bytes.withUnsafeBytes { try writer.write($0) } }
                _ = try writer.finish()
            }
            #expect(error.map { "\($0)" }?.contains("can't write /dev/full") == true)
        }
    }
}
