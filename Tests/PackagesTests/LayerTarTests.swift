import OCI
import Packages
import TestSupport
import Testing
import Threads

/// A blob in memory, handed over in small pieces, that may fail at its end.
private func unpack(
    _ blob: [UInt8], failingAtTheEndWith failure: (any Error)? = nil
) throws -> (tar: [UInt8], compression: LayerTar.Compression) {
    var rest = blob[...]
    var tar: [UInt8] = []
    let compression = try LayerTar.read { buffer in
        if rest.isEmpty, let failure { throw failure }
        let count = min(100, buffer.count, rest.count)
        buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
    } take: {
        tar += $0
    }
    return (tar, compression)
}

@Suite struct LayerTarTests {
    private let tar = Tar.archive([(name: "a", bytes: seededBytes(300_000, seed: 1))])

    private struct Broken: Error {}

    @Test func givesWhatIsInsideWhateverItIsIn() throws {
        for (blob, compression) in [(tar, LayerTar.Compression.none), (Tar.gzip(tar), .gzip)] {
            let found = try unpack(blob)
            #expect(found.tar == tar && found.compression == compression)
        }
        let zstd = try unpack(Tar.zstd(tar))
        #expect(zstd.tar.isEmpty && zstd.compression == .zstd)
        #expect(try unpack([]).tar.isEmpty)
        #expect(try unpack(Tar.gzip([])).compression == .gzip)
    }

    @Test func takesGzipMembersOneAfterTheOther() throws {
        let parts = [tar[..<70_000], tar[70_000..<70_000], tar[70_000...]].map { Tar.gzip(Array($0)) }
        #expect(try unpack(parts.flatMap(\.self)).tar == tar)
        #expect(try unpack(parts.flatMap(\.self) + [0, 0, 0]).tar == tar)
    }

    @Test func tellsWhyItStopped() throws {
        let blob = Tar.gzip(tar)
        let cut = #expect(throws: LayerTar.Fault.self) { try unpack(blob.dropLast(9)) }
        #expect(cut?.reason == "its compressed bytes are cut off")
        var damaged = blob
        damaged[damaged.count / 2] ^= 1
        #expect(throws: LayerTar.Fault.self) { try unpack(damaged) }
        // Who hands over the bytes knows best what is wrong with them.
        #expect(throws: Broken.self) { try unpack(damaged, failingAtTheEndWith: Broken()) }
        #expect(throws: LayerTar.Fault.self) { try unpack(blob + [1, 2, 3]) }
    }
}

private func unpack(_ blob: ArraySlice<UInt8>) throws -> (tar: [UInt8], compression: LayerTar.Compression) {
    try unpack(Array(blob))
}
