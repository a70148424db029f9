import Packages
import TestSupport
import Testing

@Suite struct TarTests {
    private let content = Array("Package: a\nVersion: 1\n".utf8)
    private let status = "var/lib/dpkg/status"
    private let found = ["var/lib/dpkg/status deb:a@1"]

    @Test func readsEveryFormOfName() async {
        let deep = "var/lib/dpkg/status.d"
        let forms = [
            TarForm.member(status, content), TarForm.member("./\(status)", content),
            TarForm.member("/var//lib/./dpkg/status", content), TarForm.member(status, content, type: "\0"),
            TarForm.member("status", content, prefix: "var/lib/dpkg"),
            TarForm.pax([("path", status), ("mtime", "1.5")]) + TarForm.member("short", content),
            TarForm.pax([("size", "\(content.count)")]) + TarForm.member(status, content, size: TarForm.octal(0)),
            TarForm.longName(status) + TarForm.member("short", content, magic: "ustar  \u{0}"),
            TarForm.member(status, content, size: TarForm.binary(UInt64(content.count)), magic: "ustar  \u{0}"),
            TarForm.member("pax_global_header", Array("17 path=elsewhere\n".utf8), type: "g")
                + TarForm.member(status, content),
            TarForm.member("folder/", type: "5")
                + TarForm.member("link", type: "2", size: TarForm.octal(700), link: "x")
                + TarForm.member(status, content),
        ]
        for (index, form) in forms.enumerated() {
            for ending in [TarForm.end, Array(TarForm.end.prefix(512)), []] {
                let result = await scan(form + ending, piece: 100 + index)
                #expect(result.listing == found, "form \(index)")
                #expect(result.gaps == [], "form \(index)")
            }
        }
        let links = TarForm.member("var/lib/x", content, type: "0") + TarForm.member("\(deep)/a", content)
        let linked = await scan(links + TarForm.member("\(deep)/b", type: "1", link: "./\(deep)/a") + TarForm.end)
        #expect(linked.listing == ["\(deep)/a deb:a@1", "\(deep)/b deb:a@1"])
    }

    /// The last of several members counts, as it does when they are unpacked.
    @Test func takesTheLastOfEqualNames() async {
        let other = Array("Package: b\nVersion: 2\n".utf8)
        let result = await scan(TarForm.member(status, other) + TarForm.member(status, content) + TarForm.end)
        #expect(result.listing == found)
    }

    @Test func saysWhereTheTarEnds() async {
        let first = TarForm.member(status, content)
        let damaged: [([UInt8], String)] = [
            ([], "it is empty"), (seededBytes(2000, seed: 1), "it is not a tar"),
            (Array("short".utf8), "it ends 507 bytes too early"),
            (first + seededBytes(512, seed: 2), "behind byte 512 of its tar: no tar header where one must be"),
            (
                first + Array(TarForm.member("x", content).prefix(520)),
                "behind byte 1536 of its tar: it ends 14 bytes too early"
            ),
            (
                first + TarForm.member("x", size: TarForm.binary(1 << 62)),
                "behind byte 1536 of its tar: it holds more than 64 GiB; no more is unpacked"
            ),
            (
                first + TarForm.member("x", size: [0xFF] + [UInt8](repeating: 0xFF, count: 11)),
                "behind byte 512 of its tar: a member has no size"
            ),
            (
                first + TarForm.member("x", type: "x", size: TarForm.binary(1 << 40)),
                "behind byte 512 of its tar: a header of 1099511627776 bytes"
            ),
            (
                first + TarForm.member("x", Array("99 path=x\n".utf8), type: "x"),
                "behind byte 512 of its tar: a pax record has not the length that it states"
            ),
            (
                first + TarForm.pax([("size", "-5")]) + TarForm.member("x"),
                "behind byte 512 of its tar: a member has a negative size"
            ),
        ]
        for (layer, reason) in damaged {
            let result = await scan(layer)
            #expect(result.gaps == ["layer: \(reason)"])
            #expect(result.listing == (layer.starts(with: first) ? found : []))
        }
    }

    @Test func saysWhichFilesItCannotPutTogether() async {
        let map = TarForm.pax([("GNU.sparse.major", "1"), ("GNU.sparse.name", "opt/a.jar")])
        let layer =
            map + TarForm.member("opt/GNUSparseFile.1/a.jar", content) + TarForm.member("old", content, type: "S")
            + TarForm.member("../etc/a.jar", content)
            + TarForm.longName(String(repeating: "a/", count: 4000)) + TarForm.member("x", content)
            + TarForm.member(status, content) + TarForm.end
        let result = await scan(layer)
        #expect(result.listing == found)
        #expect(
            result.gaps.map { $0.prefix(60) } == [
                "opt/a.jar: a sparse file, which is not put together here",
                "old: a sparse file, which is not put together here",
                "../etc/a.jar: no name that a container has",
                Substring(String(repeating: "a/", count: 30)),
            ])
    }

    @Test func readsWhiteouts() async {
        let members = [
            "etc/.wh.passwd", ".wh.home", "var/.wh..wh..opq", ".wh..wh..opq", ".wh..wh.plnk/1", "opt/.wh.", "a.wh.b",
        ]
        let result = await scan(members.flatMap { TarForm.member($0) } + TarForm.end)
        #expect(result.removed == ["etc/passwd", "home", "opt/"])
        #expect(result.emptied == ["", "var"])
    }
}
