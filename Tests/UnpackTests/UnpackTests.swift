import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing
import Unpack

/// One layer at a time. That whole images come out as containerd's own is compared in EndToEndTests.
@Suite(.enabled(if: isRoot, "only root can give files away"))
struct UnpackTests {
    private let file = TarForm.member("a/file", Array("content".utf8))

    @Test(arguments: [1, 511, 1 << 16])
    func makesWhatTheTarSays(piece: Int) async throws {
        let folder = TemporaryDirectory()
        let root = folder.file("layer")
        let tar =
            TarForm.member("./", type: "5", mode: "0000700")
            + TarForm.member("./a/", type: "5", mode: "0001751", user: 3, group: 4, modified: 1_000_000)
            + TarForm.member("a/file", Array("content".utf8), mode: "0004711", user: 1, group: 2, modified: 1_234_567)
            + TarForm.member("/a/hard", type: "1", link: "./a/file", mode: "0004711", modified: 1_234_567)
            + TarForm.pax([("mtime", "12.5000000019"), ("SCHILY.xattr.user.x", "y"), ("uid", "70000")])
            + TarForm.member("a/pax", []) + TarForm.member("a/link", type: "2", link: "../../../etc/shadow")
            + TarForm.member("a/pipe", type: "6") + TarForm.member("a/null", type: "3", device: (1, 3))
            + TarForm.pax([("mtime", "-1"), ("SCHILY.xattr.trusted.x", "y")]) + TarForm.member("a/early", [])
            + TarForm.member("b/.wh.gone", user: 5) + TarForm.member("b/.wh..wh..opq") + TarForm.end
        #expect(try await unpack(tar, into: root, piece: piece).doubt == nil)

        let names = ["a", "a/early", "a/file", "a/hard", "a/link", "a/null", "a/pax", "a/pipe", "b", "b/gone"]
        #expect(try listing(root) == names)
        #expect(status(root).st_mode & 0o7777 == 0o755)
        let parent = status(root.appending("a"))
        #expect(parent.st_mode == S_IFDIR | 0o1751 && parent.st_uid == 3 && parent.st_gid == 4)
        #expect(parent.st_mtim.tv_sec == 1_000_000)
        let first = status(root.appending("a/file"))
        #expect(first.st_mode == S_IFREG | 0o4711 && first.st_nlink == 2 && first.st_mtim.tv_sec == 1_234_567)
        #expect(first.st_uid == 0, "the hard link's header comes last")
        #expect(first.st_ino == status(root.appending("a/hard")).st_ino)
        #expect(try contents(of: root.appending("a/file")) == Array("content".utf8))
        let pax = status(root.appending("a/pax"))
        #expect(pax.st_mtim.tv_sec == 12 && pax.st_mtim.tv_nsec == 500_000_001 && pax.st_uid == 70000)
        #expect(attribute("user.x", of: root.appending("a/pax")) == Array("y".utf8))
        #expect(status(root.appending("a/link")).st_mode & S_IFMT == S_IFLNK)
        #expect(status(root.appending("a/pipe")).st_mode & S_IFMT == S_IFIFO)
        #expect(status(root.appending("a/null")).st_mode & S_IFMT == S_IFCHR)
        #expect(status(root.appending("a/null")).st_rdev == 0x103)
        #expect(status(root.appending("a/early")).st_mtim.tv_sec == 0)
        #expect(attribute("trusted.x", of: root.appending("a/early")) == nil)
        let whiteout = status(root.appending("b/gone"))
        #expect(whiteout.st_mode & S_IFMT == S_IFCHR && whiteout.st_rdev == 0 && whiteout.st_uid == 5)
        #expect(attribute("trusted.overlay.opaque", of: root.appending("b")) == Array("y".utf8))
    }

    /// What no member describes is as it is in the nearest layer below that has it; what one describes stays.
    @Test func givesImpliedFoldersWhatThoseBelowHave() async throws {
        let folder = TemporaryDirectory()
        let far =
            TarForm.member("a/", type: "5", mode: "0000700", user: 1) + TarForm.member("a/b/", type: "5", user: 2)
            + TarForm.end
        let near =
            TarForm.pax([("SCHILY.xattr.user.x", "y")])
            + TarForm.member("a/", type: "5", mode: "0001711", user: 3, group: 4) + TarForm.end
        let own =
            TarForm.member("a/b/c/file") + TarForm.member("a/b/", type: "5", mode: "0000750", user: 9) + TarForm.end
        _ = try await unpack(far, into: folder.file("far"), isBase: true).get()
        _ = try await unpack(near, into: folder.file("near")).get()
        let implied = try await unpack(own, into: folder.file("own")).get()
        #expect(status(folder.file("own/a")).st_mode == S_IFDIR | 0o755)
        try implied.adopt(in: folder.file("own"), from: [folder.file("near"), folder.file("far")])
        let adopted = status(folder.file("own/a"))
        #expect(adopted.st_mode == S_IFDIR | 0o1711 && adopted.st_uid == 3 && adopted.st_gid == 4)
        #expect(attribute("user.x", of: folder.file("own/a")) == Array("y".utf8))
        let described = status(folder.file("own/a/b"))
        #expect(described.st_mode == S_IFDIR | 0o750 && described.st_uid == 9)
        #expect(status(folder.file("own/a/b/c")).st_mode == S_IFDIR | 0o755, "nothing below has it")

        // A link below, which containerd would follow.
        let linked = TarForm.member("a", type: "2", link: "b") + TarForm.end
        _ = try await unpack(linked, into: folder.file("linked")).get()
        #expect(throws: UnpackDoubt.self) {
            try implied.adopt(in: folder.file("own"), from: [folder.file("linked"), folder.file("far")])
        }
    }

    /// Whatever readers of tar differ in, or containerd refuses, is containerd's to decide.
    @Test func doubtsWhatIsNotPlain() async throws {
        let link = TarForm.member("l", type: "2", link: "/etc")
        let forms: [(String, [UInt8])] = [
            ("a name with ..", TarForm.member("a/../../b")), ("enter l", link + TarForm.member("l/passwd")),
            ("enter file", TarForm.member("file") + TarForm.member("file/x")), ("make file", file(2)),
            ("make the folder file", TarForm.member("file") + TarForm.member("file/", type: "5")),
            ("make a", TarForm.member("a/", type: "5") + TarForm.member("a")),
            ("make the hard link h", TarForm.member("h", type: "1", link: "absent")),
            ("enter l", link + TarForm.member("h", type: "1", link: "l/passwd")),
            ("a hard link to the root", TarForm.member("h", type: "1", link: "./")),
            ("a link to nowhere", TarForm.member("l", type: "2")), ("type 7", TarForm.member("x", type: "7")),
            ("type 90", TarForm.member("x", type: "Z")), ("global", TarForm.member("g", type: "g") + file),
            ("Solaris", TarForm.member("X", type: "X") + file), ("sparse", TarForm.member("x", type: "S")),
            ("sparse", TarForm.pax([("GNU.sparse.major", "1")]) + file),
            ("two kinds", TarForm.pax([("path", "x")]) + TarForm.longName("y") + file),
            ("no number", TarForm.pax([("uid", "x")]) + file), ("time", TarForm.pax([("mtime", "1.x")]) + file),
            ("owner", TarForm.pax([("uid", "4294967295")]) + file),
            ("user.", TarForm.pax([("SCHILY.xattr.user.x", "y")]) + link),
            ("attribute", TarForm.pax([("SCHILY.xattr.user.\u{e9}", "y")]) + file),
            ("special name", TarForm.member("a/.wh..wh.plnk")), ("special name", TarForm.member("a/.wh..")),
            ("hide file", TarForm.member("file") + TarForm.member(".wh.file")),
            ("like a whiteout", TarForm.member(".wh.a/b")),
            ("device", TarForm.member("d", type: "3", magic: "\0\0\0\0\0\0\0\0")),
            ("dialect", star(file)), ("no tar header", file + seededBytes(512, seed: 1)),
            ("goes on", file + [UInt8](repeating: 0, count: 512) + file),
            ("too early", TarForm.member("x", size: TarForm.octal(5000))), ("root is no folder", TarForm.member(".")),
            ("folders deep", TarForm.pax([("path", String(repeating: "a/", count: 300) + "b")]) + file),
            ("empty", []),
        ]
        for (reason, tar) in forms {
            let folder = TemporaryDirectory()
            let doubt = try await unpack(tar + (tar.isEmpty ? [] : TarForm.end), into: folder.file("layer")).doubt
            #expect(doubt?.contains(reason) == true, "\(reason): \(doubt ?? "no doubt")")
        }
        let folder = TemporaryDirectory()
        let whiteout = try await unpack(
            TarForm.member(".wh.x") + TarForm.end, into: folder.file("base"), isBase: true)
        #expect(whiteout.doubt?.contains("lies on nothing") == true)
    }

    /// The same file twice.
    private func file(_ count: Int) -> [UInt8] { Array(repeatElement(TarForm.member("file"), count: count).joined()) }

    /// A member in the form of J. Schilling's tar.
    private func star(_ member: [UInt8]) -> [UInt8] {
        var member = member
        member.replaceSubrange(508..<512, with: "tar\0".utf8)
        // The checksum's field, by the sum of the four.
        let sum = member[..<512].enumerated().reduce(0) {
            (148..<156).contains($1.offset) ? $0 + 32 : $0 + Int($1.element)
        }
        member.replaceSubrange(148..<154, with: TarForm.octal(sum).suffix(6))
        return member
    }

    @Test func takesEveryPackingAndProvesTheContent() async throws {
        let tar = file + TarForm.end
        let folder = TemporaryDirectory()
        try write(tar, to: folder.file("tar"))
        for program in ["gzip", "zstd"] {
            _ = try await Program.run(program, ["--keep", "--quiet", folder.file("tar").string])
        }
        let gzip = try contents(of: folder.file("tar.gz"))
        let zstd = try contents(of: folder.file("tar.zst"))
        let packings: [(MediaType, [UInt8], String?)] = [
            (.ociLayer, tar, nil), (.ociLayerGzip, gzip, nil), (.ociLayerZstd, zstd, nil),
            (.dockerLayerGzip, gzip, nil), (.dockerLayerGzip, tar, nil), (.ociLayerGzip, zstd, nil),
            (.ociLayer, gzip, "too early"), (.ociConfig, tar, "media type"),
            (.ociLayerGzip, gzip + [0, 0], "behind"), (.ociLayerGzip, gzip + [1], "cut off"),
            (.ociLayerGzip, Array(gzip.dropLast()), "cut off"), (.ociLayer, tar + [0], "image's config"),
        ]
        for (number, (type, packed, doubt)) in packings.enumerated() {
            let found = try await unpack(tar, into: folder.file("\(number)"), type: type, packed: packed).doubt
            if let doubt {
                #expect(found?.contains(doubt) == true, "\(number): \(found ?? "no doubt")")
            } else {
                #expect(found == nil, "\(number)")
                #expect(try listing(folder.file("\(number)")) == ["a", "a/file"])
            }
        }
    }
}
