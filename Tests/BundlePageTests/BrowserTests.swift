import BundleFormat
import BundlePage
import FoundationEssentials
import HostileBundles
import SystemPackage
import TestSupport
import Testing

/// The page in a real browser: its script runs under its policy, and nothing else does.
@Suite(
    .enabled(if: Program.isInstalled("chromium"), "needs Debian's chromium"), .serialized)
struct BrowserTests {
    /// What Chromium prints of a page: the document that came of it, or what its console said.
    private func chromium(_ file: FilePath, _ fragment: String = "", _ options: [String]) async throws -> String {
        let command = #"exec chromium "$@" 2>&1"#
        let profile = file.removingLastComponent().appending("profile")
        return try await Program.run(
            "timeout",
            [
                "180", "sh", "-c", command, "chromium", "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                "--enable-logging=stderr", "--virtual-time-budget=2000", "--window-size=1200,1600",
                "--user-data-dir=\(profile)",
            ] + options + ["file://\(file)\(fragment)"])
    }

    private func complaints(_ output: String) -> [Substring] {
        output.split(separator: "\n").filter { $0.contains("CONSOLE") }
    }

    private func hostilePage(in folder: FilePath) throws -> (file: FilePath, html: String) {
        let html = try HostilePage(in: folder).html
        let file = folder.appending("page.html")
        try write(html.utf8, to: file)
        return (file, html)
    }

    @Test func runsNothingOfTheBundleAndAsksNobody() async throws {
        let folder = TemporaryDirectory()
        let (file, html) = try hostilePage(in: folder.path)
        let output = try await chromium(file, "", ["--dump-dom"])
        #expect(output.contains("<title>sample 1.2.3 · bundle</title>"))
        #expect(complaints(output).isEmpty, "\(output)")
        // What would get past the escaping is stopped by the policy, which the console tells.
        let broken = folder.file("broken.html")
        try write(
            html.replacing("</main>", with: "\(HostilePage.script)<img src=\"http://127.0.0.1:9/x.png\"></main>").utf8,
            to: broken)
        let refused = try await chromium(broken, "", ["--dump-dom"])
        #expect(refused.contains("<title>sample 1.2.3 · bundle</title>"))
        #expect(complaints(refused).count >= 2, "\(refused)")
    }

    @Test func sortsAndFiltersAsTheAddressSays() async throws {
        let folder = TemporaryDirectory()
        let archive = folder.file("sample.tar.zst")
        try SampleBundle().write(to: archive)
        let file = folder.file("page.html")
        try write(BundlePage(of: BundleReader(opening: archive)).html.utf8, to: file)

        // web:3.1 has 400 kB, db:2 has 30 kB, app:1.0 less, for two platforms.
        let names = ["app:1.0", "db:2", "web:3.1"]
        func order(_ output: String) throws -> [String] {
            let table = try #require(
                output.split(separator: "id=\"image-table\"").last?.split(separator: "</table>").first)
            let rows = table.split(separator: "<tr").dropFirst(2)
            return rows.filter { !$0.hasPrefix(" hidden") && !$0.prefix(40).contains("hidden=\"\"") }.compactMap {
                row in
                names.first { row.contains($0) }
            }
        }
        var output = try await chromium(file, "", ["--dump-dom"])
        #expect(try order(output).first == "web:3.1" && order(output).count == 4)
        #expect(output.contains("<button type=\"button\">Size</button>"))
        output = try await chromium(file, "#sort=size&order=ascending", ["--dump-dom"])
        #expect(try order(output) == ["app:1.0", "app:1.0", "db:2", "web:3.1"])
        #expect(output.contains("data-key=\"size\" aria-sort=\"ascending\""))
        output = try await chromium(file, "#sort=name&order=descending&filter=team", ["--dump-dom"])
        #expect(try order(output) == ["web:3.1", "db:2"])
        #expect(output.contains(">2 of 4</output>"))
        #expect(complaints(output).isEmpty, "\(output)")
    }

    /// The first pixel of a picture is the page's background.
    @Test(arguments: [("1", "fbfbfa"), ("0", "14181b")])
    func isLightOrDarkAsTheReaderLikes(_ scheme: String, _ background: String) async throws {
        let folder = TemporaryDirectory()
        let (file, _) = try hostilePage(in: folder.path)
        let picture = folder.file("page.png")
        _ = try await chromium(
            file, "", ["--screenshot=\(picture)", "--blink-settings=preferredColorScheme=\(scheme)"])
        // PNG (RFC 2083): the first pixel of the first line is as it is, whatever the filter.
        let script = """
            import sys, zlib
            data, place, pixels = open(sys.argv[1], "rb").read(), 8, b""
            while place < len(data):
                size, kind = int.from_bytes(data[place:place + 4], "big"), data[place + 4:place + 8]
                if kind == b"IDAT": pixels += data[place + 8:place + 8 + size]
                place += size + 12
            print(zlib.decompress(pixels)[1:4].hex())
            """
        #expect(try await Program.run("python3", ["-c", script, picture.string]) == "\(background)\n")
    }

    @Test func isPrintedOnA4() async throws {
        let folder = TemporaryDirectory()
        let (file, _) = try hostilePage(in: folder.path)
        let paper = folder.file("page.pdf")
        _ = try await chromium(file, "", ["--no-pdf-header-footer", "--print-to-pdf=\(paper)"])
        let text = String(decoding: try contents(of: paper), as: UTF8.self)
        // 210 mm by 297 mm in points.
        #expect(text.hasPrefix("%PDF") && text.contains("/MediaBox [0 0 594.9"), "\(text.prefix(200))")
    }
}
