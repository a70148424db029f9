import FoundationEssentials
import Frames
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite struct RoundTripTests {
    private static let codings: [FrameCoding] = [.raw, .compressed(level: 3)]
    private static let mebibyte = 1 << 20
    /// Around every border at which a header's form, a block or a frame changes.
    private static let sizes =
        [0, 1, 255, 256, 257, 65791, 65792, 128 << 10, (128 << 10) - 1, (128 << 10) + 1]
        + [4 * mebibyte - 1, 4 * mebibyte, 4 * mebibyte + 1, 9 * mebibyte]

    @Test(arguments: sizes, codings)
    func givesBackWhatWasWritten(_ size: Int, _ coding: FrameCoding) throws {
        let folder = TemporaryDirectory()
        let bytes = content(size)
        let result = try writeFramed([(coding, bytes)], to: folder.file("x"))
        let file = try FramedFile(opening: folder.file("x"))
        #expect(file.contentSize == Int64(size))
        #expect(file.size == result.size)
        #expect(try readFramed(folder.file("x")) == bytes)
        #expect(try Digest.of(Data(contents(of: folder.file("x")))) == result.digest)
    }

    @Test func storesEqualBytesWhateverTheNumberOfWorkers() throws {
        let folder = TemporaryDirectory()
        let pieces: [(coding: FrameCoding, bytes: Data)] = [
            (.compressed(level: 12), content(300_000)), (.raw, content(5_000_000)), (.raw, Data()),
            (.compressed(level: 3), content(13_000_000)), (.raw, content(1)), (.compressed(level: 3), content(512)),
        ]
        let results = try [1, 2, 5].map { try writeFramed(pieces, to: folder.file("x"), workers: $0) }
        #expect(Set(results.map(\.digest)).count == 1)
        #expect(Set(results.map(\.size)).count == 1)
    }

    @Test func readsAnyRangeAcrossFrames() throws {
        let folder = TemporaryDirectory()
        let sizes = [1000, 200_000, 4_300_000, 3, 131_073, 70_000]
        let pieces = sizes.enumerated().map { position, size in
            (coding: position % 2 == 0 ? FrameCoding.compressed(level: 1) : .raw, bytes: content(size))
        }
        let whole = pieces.reduce(into: Data()) { $0 += $1.bytes }
        try writeFramed(pieces, to: folder.file("x"), workers: 2)
        let file = try FramedFile(opening: folder.file("x"))
        let reader = FrameReader(file)
        let borders = sizes.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
        var ranges = borders.map { max(0, $0 - 3)..<min(whole.count, $0 + 5) } + [0..<0, 0..<whole.count]
        let random = seededBytes(40 * 8, seed: 3).map { Int($0) }
        for start in stride(from: 0, to: random.count, by: 8) {
            let numbers = [random[start..<start + 4], random[start + 4..<start + 8]].map {
                $0.reduce(0) { $0 << 8 | $1 } % whole.count
            }
            ranges.append(min(numbers[0], numbers[1])..<max(numbers[0], numbers[1]))
        }
        for range in ranges {
            var bytes = Data()
            try reader.read(Int64(range.lowerBound)..<Int64(range.upperBound)) { bytes.append(contentsOf: $0) }
            #expect(bytes == whole[range], "\(range)")
        }
    }

    @Test func refusesToReadPastTheEnd() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try writeFramed([(.raw, content(10))], to: path)
        for range: Range<Int64> in [0..<11, 10..<11, 11..<12, -1..<3] {
            #expect(throws: FramesError.self) { try readFramed(path, range) }
        }
    }

    @Test func refusesWhatIsNoFile() throws {
        let folder = TemporaryDirectory()
        let (path, missing) = (folder.path, folder.file("missing"))
        #expect(throws: FramesError.self) { try FramedFile(opening: path) }
        #expect(throws: FramesError.self) { try FramedFile(opening: missing) }
    }

    @Test(.enabled(if: Program.isInstalled("zstd"), "zstd is not installed"))
    func isAPlainZstandardStreamToEverybodyElse() async throws {
        let folder = TemporaryDirectory()
        let pieces: [(coding: FrameCoding, bytes: Data)] = [
            (.compressed(level: 3), content(5_000_000)), (.raw, content(4_500_000)), (.raw, content(255)),
            (.compressed(level: 19), content(100)), (.raw, content(65792)),
        ]
        let (path, plain) = (folder.file("x.zst"), folder.file("x"))
        try writeFramed(pieces, to: path, workers: 2)
        _ = try await Program.run("zstd", ["-q", "-t", path.string])
        _ = try await Program.run("zstd", ["-q", "-d", path.string, "-o", plain.string])
        #expect(try Data(contents(of: plain)) == pieces.reduce(into: Data()) { $0 += $1.bytes })
    }
}
