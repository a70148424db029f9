import FoundationEssentials
import Packages
import SystemPackage
import TestSupport
import Testing

/// Layers that want memory, time or a crash. Amounts: `SEALIFT_TORTURE_LAYERS` damaged layers (40), and bombs of
/// `SEALIFT_TORTURE_BOMB_GIB` GiB (1).
@Suite struct HostileLayerTests {
    private static let environment = ProcessInfo.processInfo.environment

    /// Less than a bomb holds; more than a scan needs, since other tests run beside in this process.
    private static let room = 512 << 20

    private func amount(_ name: String, _ usual: Int) -> Int {
        Self.environment["SEALIFT_TORTURE_\(name)"].flatMap { Int($0) } ?? usual
    }

    private let first = TarForm.member("var/lib/dpkg/status.d/a", Array("Package: a\nVersion: 1\n".utf8))

    /// The most memory that this process ever had, in bytes.
    private func peak() throws -> Int {
        let lines = try String(decoding: contents(of: "/proc/self/status"), as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.split(separator: " ")[1])) << 10
    }

    /// Many members of gzip, or frames of zstd, of 16 MiB of zeros each: a file of the tar that is as large as wanted.
    @Test(arguments: ["gzip", "zstd"]) func holdsOutAgainstBombs(_ program: String) async throws {
        let gibibytes = amount("BOMB_GIB", 1)
        let folder = TemporaryDirectory()
        try write([UInt8](repeating: 0, count: 16 << 20), to: folder.file("zeros"))
        let suffix = program == "gzip" ? "gz" : "zst"
        _ = try await Program.run(program, ["-k", folder.file("zeros").string])
        let piece = try contents(of: folder.file("zeros.\(suffix)"))
        let last = TarForm.member("var/lib/dpkg/status.d/z", Array("Package: z\nVersion: 1\n".utf8)) + TarForm.end
        try write(
            first + TarForm.member("bomb", size: TarForm.binary(UInt64(gibibytes) << 30)), to: folder.file("front"))
        try write(last, to: folder.file("back"))
        _ = try await Program.run(program, [folder.file("front").string, folder.file("back").string])
        var layer = try contents(of: folder.file("front.\(suffix)"))
        for _ in 0..<(gibibytes * 64) { layer += piece }
        layer += try contents(of: folder.file("back.\(suffix)"))
        let before = try peak()
        let found = await scan(layer)
        #expect(found.sources.map(\.path) == ["var/lib/dpkg/status.d/a", "var/lib/dpkg/status.d/z"])
        #expect(found.gaps == [])
        #expect(try peak() - before < Self.room)
        print("torture: a layer of \(layer.count) bytes, \(gibibytes) GiB unpacked, scanned to its end (\(program))")
    }

    /// Bombs in a bomb: 16 archives of 256 MiB, or what is asked for, inside one of a few kilobytes.
    @Test func holdsOutAgainstNestedBombs() async throws {
        let folder = TemporaryDirectory()
        let count = amount("BOMB_GIB", 1) * 4
        _ = try await Program.run("python3", [script("make-archives.py"), folder.path.string, "\(count)"])
        try await tar(["bomb.jar", "streamed-bomb.jar"], of: folder.path, to: folder.file("layer.tar"))
        let before = try peak()
        let found = try await scan(folder.file("layer.tar"))
        let isTooMuch = found.gaps.contains {
            $0.hasSuffix("the layer's archives hold more than 16 GiB; no more is unpacked")
        }
        #expect(isTooMuch == (count * 16 * 16 > 16 << 10))
        #expect(found.gaps.contains { $0.hasPrefix("bomb.jar: 0.jar!zeros.jar: it is no zip archive") })
        #expect(found.gaps.count >= 16)
        #expect(try peak() - before < Self.room)
        #expect(found.listing.count <= 50)
    }

    @Test func refusesWindowsThatNeedTooMuchMemory() async throws {
        let folder = TemporaryDirectory()
        // Through a pipe the length is not known, which would have limited the window.
        try write(first + [UInt8](repeating: 0, count: 1 << 20), to: folder.file("layer"))
        _ = try await Program.run(
            "sh", ["-c", "cat <'\(folder.file("layer"))' | zstd -1 --long=27 >'\(folder.file("layer.zst"))'"])
        let found = try await scan(folder.file("layer.zst"))
        #expect(
            found.gaps == [
                "layer: its compressed bytes are damaged: can't decompress: Frame requires too much memory for decoding"
            ])
    }

    @Test func listsOnlySoMuch() async throws {
        let many = (0..<50_002).map { "Package: p\($0)\nVersion: 1\n\n" }.joined()
        let broken = (0..<1200).flatMap { TarForm.member("opt/\($0).jar", [1]) }
        let removed = (0..<50_010).flatMap { TarForm.member("r/.wh.\($0)") }
        let status = TarForm.member("var/lib/dpkg/status", Array(many.utf8))
        let large = TarForm.member("lib/apk/db/installed", [UInt8](repeating: 0x50, count: (40 << 20) + 1))
        let found = await scan(status + broken + removed + large + TarForm.end)
        #expect(found.sources.first { $0.path == "var/lib/dpkg/status" }?.packages.count == 50_000)
        #expect(found.removed.count == 50_000)
        #expect(found.gaps.count == 1003)
        #expect(
            found.gaps.suffix(3) == [
                "layer: it holds more than 50000 packages, or longer names; the others are not listed",
                "layer: 201 more files could not be read",
                "layer: 10 removals were not followed; what they remove may be listed",
            ])
    }

    @Test func endsWithGarbageInEveryDatabase() async throws {
        let garbage = seededBytes(100_000, seed: 4)
        let paths = [
            "var/lib/dpkg/status", "lib/apk/db/installed", "var/lib/rpm/rpmdb.sqlite", "a.jar", "etc/os-release",
            "a.dist-info/METADATA", "node_modules/a/package.json", "program",
        ]
        let elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
        let found = await scan(
            paths.flatMap { TarForm.member($0, $0 == "program" ? elf + garbage : garbage) } + TarForm.end)
        #expect(found.listing == ["a.jar java:a@"])
        #expect(
            found.gaps.map { $0.prefix { $0 != ":" } }
                == paths.filter { $0 != "program" && $0 != "etc/os-release" }
                .map { $0[...] })
    }

    /// Real layers with bytes of chance in them or cut off, compressed and not.
    @Test func endsWithDamagedLayers() async throws {
        let folder = TemporaryDirectory()
        _ = try await Program.run("python3", [script("make-archives.py"), folder.path.string, "1"])
        try await tar(
            ["deflated-1.0.jar", "streamed-1.0.jar", "nifi-a.nar", "deep1.jar"], of: folder.path,
            to: folder.file("layer.tar"))
        let plain = first + (try contents(of: folder.file("layer.tar")))
        try write(plain, to: folder.file("x"))
        _ = try await Program.run("gzip", ["-k", folder.file("x").string])
        _ = try await Program.run("zstd", ["-q", folder.file("x").string])
        let seed = amount("SEED", 1)
        var complete = 0
        let forms = [plain, try contents(of: folder.file("x.gz")), try contents(of: folder.file("x.zst"))]
        for round in 0..<amount("LAYERS", 40) {
            let noise = seededBytes(8, seed: UInt64(seed &* 1_000_003 &+ round))
            var layer = forms[round % 3]
            let place = noise.prefix(4).reduce(0) { $0 << 8 | Int($1) } % layer.count
            if noise[4] % 4 == 0 { layer.removeLast(layer.count - place) } else { layer[place] ^= noise[5] | 1 }
            let found = await scan(layer, piece: 1 + Int(noise[6]) * 100)
            complete += found.unread.contains { $0.path == nil } ? 0 : 1
        }
        print(
            "torture: \(amount("LAYERS", 40)) damaged layers scanned to their ends, \(complete) of them still whole tars"
        )
    }

    private struct Unplugged: Error, Equatable {}

    @Test func throwsWhatTheReaderThrows() {
        var calls = 0
        let tar = first + TarForm.end
        #expect(throws: Unplugged()) {
            try LayerScan.run { buffer throws(Unplugged) in
                calls += 1
                guard calls == 1 else { throw Unplugged() }
                buffer.copyBytes(from: tar.prefix(100))
                return 100
            }
        }
        #expect(calls == 2)
    }

    /// Also where it can make nothing of the bytes: who computes a digest of them on the way needs all.
    @Test func readsToTheEnd() async {
        for layer in [seededBytes(3_000_000, seed: 5), TarForm.end + seededBytes(3_000_000, seed: 6)] {
            var offset = 0
            var sawEnd = false
            _ = LayerScan.run { buffer in
                let count = min(buffer.count, layer.count - offset)
                buffer.copyBytes(from: layer[offset..<offset + count])
                offset += count
                sawEnd = sawEnd || count == 0
                return count
            }
            #expect(offset == layer.count)
            #expect(sawEnd)
        }
    }
}

/// What is small in the layer and would be large or endless in memory.
@Suite struct AmplificationTests {
    /// A database of SQLite whose pages are all alike: an interior page that leads to every page, many times.
    @Test func endsWithTreesThatLeadEverywhere() async {
        var page = [UInt8](repeating: 0, count: 512)
        page.replaceSubrange(0..<16, with: Array("SQLite format 3\0".utf8))
        page[16] = 2
        page[100] = 5
        page[103] = 0xFF
        page[104] = 0xFF
        let database = (0..<2000).flatMap { _ in page }
        let found = await scan(TarForm.member("var/lib/rpm/rpmdb.sqlite", database) + TarForm.end)
        #expect(found.listing == [])
        #expect(found.gaps.count == 1)
    }

    @Test func endsWithTextsOfEmptyLines() async {
        let empty = [UInt8](repeating: 0x0A, count: 2 << 20)
        let long = Array("Package: ".utf8) + [UInt8](repeating: 0x61, count: 1 << 20) + [0x0A]
        let found = await scan(
            TarForm.member("var/lib/dpkg/status", empty + long) + TarForm.member("lib/apk/db/installed", empty)
                + TarForm.end)
        #expect(found.sources.map(\.packages.count) == [0, 1])
        #expect(found.sources.last?.packages.first?.name.count == 512)
    }

    /// Names of up to 512 bytes a package: many of them are listed only as far as there is room for them.
    @Test func listsOnlyAsMuchAsThereIsRoomFor() async {
        let name = String(repeating: "n", count: 505)
        let status = (0..<1000).map { "Package: \(name)\($0)\nVersion: \(name)\n\n" }.joined()
        let members = (0..<30).flatMap { TarForm.member("var/lib/dpkg/status.d/\($0)", Array(status.utf8)) }
        let found = await scan(members + TarForm.end)
        let count = found.sources.reduce(0) { $0 + $1.packages.count }
        #expect(count > 20_000 && count < 30_000)
        #expect(found.gaps == ["layer: it holds more than 50000 packages, or longer names; the others are not listed"])
    }
}
