import Inflate
import SystemPackage
import TestSupport
import Testing

@Suite struct InflaterTests {
    /// `bytes` as gzip compresses them.
    private func gzipped(_ bytes: [UInt8]) async throws -> [UInt8] {
        let folder = TemporaryDirectory()
        try write(bytes, to: folder.file("content"))
        _ = try await Program.run("gzip", ["--no-name", folder.file("content").string])
        return try contents(of: folder.file("content.gz"))
    }

    /// Feeds `input` in pieces of `piece` bytes; returns the content and how much of the input was used.
    private func inflate(
        _ input: [UInt8], _ wrapping: Inflater.Wrapping, piece: Int
    ) throws -> (content: [UInt8], used: Int, hasEnded: Bool) {
        let inflater = try Inflater(wrapping)
        var content: [UInt8] = []
        var used = 0
        var output = [UInt8](repeating: 0, count: 1000)
        while true {
            let step = try input.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { output in
                    try inflater.step(
                        UnsafeRawBufferPointer(rebasing: input[used..<min(used + piece, input.count)]), into: output)
                }
            }
            used += step.taken
            content += output.prefix(step.given)
            if step.hasEnded || (step.given == 0 && step.taken == 0) { return (content, used, step.hasEnded) }
        }
    }

    private var sample: [UInt8] { (0..<30_000).flatMap { Array("line \($0 * $0)\n".utf8) } }

    @Test(arguments: [1, 3, 7, 64, 1 << 20]) func endsWhereTheStreamEnds(_ piece: Int) async throws {
        let member = try await gzipped(sample)
        let gzip = try inflate(member + Array("next".utf8), .gzip, piece: piece)
        #expect(gzip.content == sample)
        #expect(gzip.used == member.count)
        let bare = Array(member.dropFirst(10).dropLast(8))
        let raw = try inflate(bare + Array("PK\u{1}\u{2} and more".utf8), .none, piece: piece)
        #expect(raw.content == sample)
        #expect(raw.used == bare.count)
        let short = Array(try await gzipped(Array("short".utf8)).dropFirst(10).dropLast(8))
        #expect(try inflate(short + short + short, .none, piece: piece).used == short.count)
    }

    @Test func tellsWhatIsDamaged() async throws {
        let member = try await gzipped(sample)
        var wrong = member
        wrong[member.count - 6] ^= 1
        #expect(throws: InflateError.self) { try inflate(wrong, .gzip, piece: 4096) }
        #expect(throws: InflateError.self) { try inflate(Array("no gzip at all".utf8), .gzip, piece: 4096) }
        #expect(try inflate(Array(member.dropLast(9)), .gzip, piece: 4096).hasEnded == false)
    }

    @Test func endsWithAnyBytes() throws {
        for seed in 1...2000 {
            let bytes = seededBytes(200, seed: UInt64(seed))
            for wrapping in [Inflater.Wrapping.none, .gzip] {
                do {
                    _ = try inflate(bytes, wrapping, piece: 50)
                } catch let error as InflateError {
                    #expect(error.description.hasPrefix("can't inflate: "))
                }
            }
        }
    }
}
