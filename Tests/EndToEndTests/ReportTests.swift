import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// `verify --report`: the paper of a check, whatever its result.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct ReportTests {
    private struct Report: Decodable {
        struct Archive: Decodable {
            var path: String
            var bytes: Int64
            var digest: String
        }
        struct Content: Decodable {
            struct Signature: Decodable {
                var state: String
                var key: String?
            }
            struct Counts: Decodable {
                var members: Int
                var images: Int
            }
            struct Image: Decodable {
                var reference: String
                var isSound: Bool
            }

            var name: String
            var index: String
            var signature: Signature
            var counts: Counts
            var images: [Image]
        }
        struct Tool: Decodable {
            var name: String
            var version: String
        }
        struct Fault: Decodable {
            var member: String
        }

        var result: String
        var checkedAt: String
        var tool: Tool
        var archive: Archive
        var content: Content?
        var faults: [Fault]
        var reason: String?
    }

    private func report(
        _ executable: FilePath, on archive: FilePath, _ more: [String] = [], at place: Workplace
    ) async throws -> (run: SealiftRun, report: Report, page: String) {
        let (json, html) = (place.file("report.json"), place.file("report.html"))
        let run = try await place.run(
            [executable.string, "verify", archive.string, "--report", json.string, "--report", html.string] + more)
        let report = try JSONDecoder().decode(Report.self, from: Data(try contents(of: json)))
        let page = String(decoding: try contents(of: html), as: UTF8.self)
        let sum = try await place.shell(#"sha256sum < "$1" | cut -c 1-64"#, archive.string)
        #expect(report.archive.digest == "sha256:\(sum.lines[0])")
        #expect(page.contains(sum.lines[0]))
        #expect(report.tool.name == executable.lastComponent?.string)
        // Every element that is opened is closed, in order.
        let nesting = try await place.shell(
            #"""
            python3 - "$1" <<'END'
            import html.parser, sys
            class Parser(html.parser.HTMLParser):
                open = []
                def handle_starttag(self, tag, attrs):
                    if tag != "meta": self.open.append(tag)
                def handle_endtag(self, tag):
                    assert self.open.pop() == tag, tag
            parser = Parser()
            parser.feed(__import__("builtins").open(sys.argv[1]).read())
            assert parser.open == [], parser.open
            END
            """#, html.string)
        #expect(nesting.code == 0, "\(nesting.transcript)")
        return (run, report, page)
    }

    @Test(arguments: [Executables.sealift, Executables.installer])
    func saysWhatWasCheckedAndWithWhat(_ executable: FilePath) async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        let (run, report, page) = try await report(executable, on: bundle.archive, at: place)
        #expect(run.code == 0, "\(run.transcript)")
        let content = try #require(report.content)
        #expect(report.result == "sound" && report.faults.isEmpty && report.reason == nil)
        #expect(content.signature.state == "none")
        #expect(content.counts.images == content.images.count && content.images.allSatisfy(\.isSound))
        #expect(run.lines.contains("index.json \(content.index)"))
        #expect(page.contains("Who made it was not checked") && page.contains(content.index))
        for image in content.images { #expect(page.contains(image.reference)) }
        let time = try await place.shell(#"date -d "$1" +%s && date +%s"#, report.checkedAt).lines.compactMap {
            Int($0)
        }
        #expect(time.count == 2 && (0...600).contains(time[1] - time[0]))
    }

    @Test(arguments: [Executables.sealift, Executables.installer])
    func isWrittenAlsoWhereTheResultIsBad(_ executable: FilePath) async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        for name in ["right", "wrong"] {
            _ = try await place.sealift(["keygen", "--output", place.file(name).string])
        }
        let signed = place.file("signed <b>&.tar.zst")
        let signing = try await place.sealift(
            ["sign", bundle.archive.string, "--key", place.file("right.key").string, "--output", signed.string])
        try #require(signing.code == 0, "\(signing.transcript)")

        let key = ["--key", place.file("right.pub").string]
        var (run, report, page) = try await report(executable, on: signed, key, at: place)
        #expect(run.code == 0 && report.result == "sound" && report.content?.signature.state == "checked")
        #expect(page.contains("a trusted key signed the index"))
        #expect(page.contains("signed &lt;b&gt;&amp;.tar.zst") && !page.contains("<b>"))

        (run, report, page) = try await self.report(
            executable, on: signed, ["--key", place.file("wrong.pub").string], at: place)
        #expect(run.code == 65 && report.result == "refused" && report.content == nil)
        #expect(report.reason?.contains("does not fit the key") == true)
        #expect(page.contains("was not accepted") && page.contains("class=\"result refused\""))

        var bytes = try contents(of: bundle.archive)
        bytes[bytes.count / 2] ^= 4
        let damaged = place.file("damaged.tar.zst")
        try write(bytes, to: damaged)
        (run, report, page) = try await self.report(executable, on: damaged, at: place)
        #expect(run.code == 65 && report.result == "damaged" && !report.faults.isEmpty)
        #expect(report.content?.images.contains { !$0.isSound } == true)
        #expect(page.contains(report.faults.first?.member ?? "?") && page.contains("must not be installed"))
    }

    @Test func isRefusedBeforeTheWorkOrReplacesWhatWasThereWhole() async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        for (name, code, words) in [
            ("report.txt", Int32(64), "must end with .json or .html"), ("nowhere/report.json", 66, "nowhere"),
        ] {
            let run = try await place.sealift(["verify", bundle.archive.string, "--report", place.file(name).string])
            #expect(run.code == code && run.transcript.contains(words), "\(run.transcript)")
        }
        let report = place.file("report.json")
        try write(Array("old".utf8), to: report)
        let missing = try await place.sealift(["verify", place.file("none").string, "--report", report.string])
        #expect(missing.code == 66)
        #expect(try contents(of: report) == Array("old".utf8))
        let again = try await place.sealift(["verify", bundle.archive.string, "--report", report.string])
        #expect(again.code == 0)
        #expect(try JSONDecoder().decode(Report.self, from: Data(try contents(of: report))).result == "sound")
        let node = try await place.run(
            [Executables.installer.string, "verify", bundle.archive.string, "--node", "--report", report.string])
        #expect(node.code == 64 && node.transcript.contains("leave out --node"))
    }
}
