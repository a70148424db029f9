import SystemPackage
import TestSupport
import Testing

/// `inspect --html`: a page that is there whole or not at all, and takes nothing else's place.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct PageTests {
    @Test func isWrittenWholeAndAlwaysTheSame() async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        let file = place.file("page.html")
        try write(Array("old".utf8), to: file)
        let run = try await place.sealift(["inspect", bundle.archive.string, "--html", file.string])
        #expect(run.code == 0 && run.lines == [file.string], "\(run.transcript)")
        let page = try contents(of: file)
        let text = String(decoding: page, as: UTF8.self)
        #expect(text.hasPrefix("<!DOCTYPE html>") && text.hasSuffix("</html>\n"))
        for name in ["nifi:1.23.2", "kafka:3.7.0", "grafana:10.1.0", "busybox:1.35.0"] { #expect(text.contains(name)) }
        let again = place.file("again.html")
        let printing = try await place.shell(
            #""$1" inspect "$2" --html - > "$3""#, Executables.sealift.string, bundle.archive.string, again.string)
        #expect(printing.code == 0, "\(printing.transcript)")
        #expect(try contents(of: again) == page)
    }

    @Test func takesNoBundlesPlaceAndNoOtherOptions() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let place = bundle.place
        let archive = try contents(of: bundle.archive)
        for (arguments, code, words) in [
            (["--html", bundle.archive.string], Int32(64), "must end with .html"),
            (["--html", place.file("page.html").string, "--sbom"], 64, "leave out the rest"),
            (["--html", place.file("nowhere/page.html").string], 66, "nowhere"),
        ] {
            let run = try await place.sealift(["inspect", bundle.archive.string] + arguments)
            #expect(run.code == code && run.transcript.contains(words), "\(run.transcript)")
        }
        #expect(try contents(of: bundle.archive) == archive)
        #expect(!exists(place.file("page.html")))
        let foreign = try await place.run(
            [Executables.installer.string, "inspect", bundle.archive.string, "--html", place.file("page.html").string])
        #expect(foreign.code == 64 && !exists(place.file("page.html")))
    }
}
