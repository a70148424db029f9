import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import Frames

/// Archives whose bytes lie in several files.
@Suite struct PartedFileTests {
    /// Files of a test, each as long as it may be.
    private final class Parts: ArchiveParts {
        let limit: Int64
        private let folder: FilePath
        private let held = Lock((files: [FileDescriptor](), ended: [(size: Int64, digest: Digest)]()))

        init(in folder: FilePath, limit: Int64) {
            self.folder = folder
            self.limit = limit
        }

        var paths: [FilePath] { (0..<held.withLock { $0.files.count }).map { folder.appending("part-\($0)") } }
        var ended: [(size: Int64, digest: Digest)] { held.withLock { $0.ended } }

        func next() throws(FramesError) -> (file: FileDescriptor, path: FilePath) {
            let path = folder.appending("part-\(held.withLock { $0.files.count })")
            do {
                let file = try FileDescriptor.open(
                    path, .readWrite, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
                held.withLock { $0.files.append(file) }
                return (file, path)
            } catch {
                throw .system(action: "create", path: path, errno: error as? Errno ?? .ioError)
            }
        }

        func ended(size: Int64, digest: Digest) { held.withLock { $0.ended.append((size, digest)) } }

        func close() { held.withLock { for file in $0.files { try? file.close() } } }
    }

    /// Raw and compressed frames, small and of several blocks.
    private static let pieces: [(coding: FrameCoding, bytes: Data)] = [
        (.compressed(level: 1), content(900)), (.raw, content(300_000)), (.raw, content(1)),
        (.compressed(level: 3), Data(repeating: 7, count: 200_000)), (.raw, content(140_000)),
    ]

    private static func cut(_ bytes: [UInt8], every count: Int, in folder: FilePath) throws -> [(
        path: FilePath, size: Int64
    )] {
        try stride(from: 0, to: bytes.count, by: count).map { start in
            let part = bytes[start..<min(start + count, bytes.count)]
            let path = folder.appending("cut-\(start)")
            try write(part, to: path)
            return (path, Int64(part.count))
        }
    }

    /// Boundaries in frames' headers, blocks and checksums, and in the tables: everywhere.
    @Test(arguments: [99_991, 65_537, 4099]) func readsAcrossBoundaries(_ count: Int) throws {
        let folder = TemporaryDirectory()
        try writeFramed(Self.pieces, to: folder.file("whole"))
        let whole = try contents(of: folder.file("whole"))
        let parts = try Self.cut(whole, every: count, in: folder.path)
        let file = try FramedFile(PartedFile(joining: parts, at: "parts"))
        #expect(file.size == Int64(whole.count))
        var bytes = Data()
        try FrameReader(file).read(0..<file.contentSize) { bytes.append(contentsOf: $0) }
        #expect(bytes == Self.pieces.reduce(Data()) { $0 + $1.bytes })
        #expect(try file.peek(150_000..<280_000) == Array(bytes[150_000..<280_000]))
        #expect(try file.archive.digest() == Digest.of(Data(whole)))
    }

    @Test func readsPartsOfOneByte() throws {
        let folder = TemporaryDirectory()
        try writeFramed([(.raw, content(200)), (.compressed(level: 1), content(90))], to: folder.file("whole"))
        let parts = try Self.cut(try contents(of: folder.file("whole")), every: 1, in: folder.path)
        #expect(parts.count > 300)
        let file = try FramedFile(PartedFile(joining: parts, at: "parts"))
        var bytes = Data()
        try FrameReader(file).read(0..<290) { bytes.append(contentsOf: $0) }
        #expect(bytes == content(200) + content(90))
    }

    @Test(arguments: [1 << 40, 300_007, 4096]) func writesTheSameBytesInParts(_ limit: Int64) throws {
        let folder = TemporaryDirectory()
        let whole = try writeFramed(Self.pieces, to: folder.file("whole"))
        let parts = Parts(in: folder.path, limit: limit)
        defer { parts.close() }
        let writer = try FrameWriter(to: .parts(parts), workers: 2)
        for piece in Self.pieces {
            try writer.cut(piece.coding)
            try piece.bytes.withUnsafeBytes { try writer.write($0) }
        }
        let result = try writer.finish()
        #expect(result == whole)
        let written = try parts.paths.map { try contents(of: $0) }
        #expect(try written.flatMap(\.self) == contents(of: folder.file("whole")))
        #expect(written.dropLast().allSatisfy { Int64($0.count) == limit })
        #expect(written.map { Int64($0.count) } == parts.ended.map(\.size))
        #expect(written.map { Digest.of(Data($0)) } == parts.ended.map(\.digest))
    }

    /// What one-pass mode reads again while the rest is still to come.
    @Test func readsAgainWhatIsInParts() throws {
        let folder = TemporaryDirectory()
        let parts = Parts(in: folder.path, limit: 70_000)
        defer { parts.close() }
        let writer = try FrameWriter(to: .parts(parts), workers: 2)
        let all = content(9_000_000)
        try writer.cut(.raw)
        try all.withUnsafeBytes { try writer.write($0) }
        try writer.cut(.raw)
        for range: Range<Int64> in [0..<1, 4_190_000..<4_500_000, 8_999_999..<9_000_000] {
            let held = try #require(try writer.written.file(holding: range))
            var bytes = Data()
            try FrameReader(held).read(range) { bytes.append(contentsOf: $0) }
            #expect(bytes == all[Int(range.lowerBound)..<Int(range.upperBound)])
        }
        _ = try writer.finish()
    }

    @Test func damageIsSaidOfThePartThatHasIt() throws {
        let folder = TemporaryDirectory()
        try writeFramed([(.raw, content(1000)), (.raw, content(1000))], to: folder.file("whole"))
        var bytes = try contents(of: folder.file("whole"))
        bytes[1500] ^= 1
        for (count, words) in [
            (1014, "cut-1014 is damaged in bytes 0 to 1014 (frame 1): its"),
            (1400, "cut-0 is damaged in bytes 1014 to 1400 (frame 1): with bytes 0 to 628 of"),
        ] {
            let parts = try Self.cut(bytes, every: count, in: folder.path)
            let reader = try FrameReader(FramedFile(PartedFile(joining: parts, at: "parts")))
            let error = try #require(throws: FramesError.self) { try reader.read(1000..<2000) { _ in } }
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test func aPartThatShrinksOrIsNoFileIsNamed() throws {
        let folder = TemporaryDirectory()
        try writeFramed([(.raw, content(5000))], to: folder.file("whole"))
        let parts = try Self.cut(try contents(of: folder.file("whole")), every: 2000, in: folder.path)
        let archive = try PartedFile(joining: parts, at: "parts")
        let second = try FileDescriptor.open(parts[1].path, .writeOnly)
        try second.closeAfter { try second.resize(to: 10) }
        let error = try #require(throws: FramesError.self) { try archive.digest() }
        #expect("\(error)".contains("cut-2000: it became shorter"))
        for (path, size) in [
            (parts[1].path, Int64(2000)), (folder.path, 5), ("/dev/null", 0), (folder.file("none"), 1),
        ] {
            let error = try #require(throws: FramesError.self) {
                try PartedFile(joining: [parts[0], (path: path, size: size)], at: "parts")
            }
            #expect("\(error)".contains(path.string))
        }
    }
}
