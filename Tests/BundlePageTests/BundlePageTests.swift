import BundleFormat
import BundlePage
import FoundationEssentials
import HostileBundles
import OCI
import Signatures
import SystemPackage
import TestSupport
import Testing

/// The page of a bundle: what it shows, and what a hostile bundle can't make of it.
@Suite struct BundlePageTests {
    /// The page of a sound sample.
    private func page(_ sample: SampleBundle, trusting keys: TrustedKeys = .none) throws -> String {
        let folder = TemporaryDirectory()
        let archive = folder.file("sample.tar.zst")
        try sample.write(to: archive)
        return try BundlePage(of: BundleReader(opening: archive, trusting: keys)).html
    }

    @Test func showsEveryImageAndWhatItShares() throws {
        let sample = try SampleBundle()
        let html = try page(sample)
        for name in ["library/<wbr>app:1.0", "team/<wbr>db:2", "team/<wbr>web:3.1"] { #expect(html.contains(name)) }
        for image in sample.images {
            for layer in image.manifests.flatMap(\.value.layers) { #expect(html.contains("title=\"\(layer.digest)\"")) }
        }
        // All of them stand on one layer.
        #expect(html.contains("Shared layers") && html.contains("3 images<small>"))
        #expect(html.contains("Not signed") && html.contains("no bill of materials"))
        #expect(html.contains("files/words.txt") && html.contains("manifests/app.yaml"))
    }

    /// A delta's page tells what is elsewhere, and draws only what is here.
    @Test func saysWhatIsInTheBase() throws {
        let layer = try #require(try SampleBundle().images[2].manifests[0].value.layers.last)
        let base = Digest.of(Data("base".utf8))
        let html = try page(
            try SampleBundle {
                $0.base = BundleDescription.Base(index: base, name: "older <i>", version: "1", leftOut: [layer.digest])
            })
        #expect(html.contains("Builds upon") && html.contains("older &lt;i&gt;"))
        #expect(html.contains("1 layer, \(ByteCount(layer.size)), is not in this archive"))
        #expect(
            html.contains("title=\"\(layer.digest)\">\(layer.digest.short)</span> <span class=\"away\">in the base"))
        #expect(!html.contains("<span class=\"label\">\(layer.digest.short)"))
        #expect(try page(SampleBundle()).contains("<span class=\"label\">\(layer.digest.short)"))
    }

    @Test func saysWhoSigned() throws {
        let folder = TemporaryDirectory()
        let key = try PrivateKey.generate(.ed25519)
        let sample = try SampleBundle(signer: key)
        #expect(try page(sample).contains("Signed, not checked"))
        let file = folder.file("one.pub")
        try write(key.publicKey.pem.utf8, to: file)
        let html = try page(sample, trusting: TrustedKeys(files: [file], folder: nil))
        #expect(html.contains("Checked with one.pub") && html.contains(key.publicKey.fingerprint.description))
    }

    @Test func isTheSameForTheSameBundle() throws {
        let sample = try SampleBundle()
        #expect(try page(sample) == page(sample))
    }

    @Test func takesNothingFromTheBundleAsMarkup() throws {
        let folder = TemporaryDirectory()
        let html = try HostilePage(in: folder.path).html
        #expect(!html.contains(HostilePage.script) && html.contains("&lt;script&gt;document.title"))
        #expect(!html.contains(HostilePage.attribute) && html.contains("&quot; onmouseover=&quot;"))
        #expect(!html.unicodeScalars.contains("\u{202E}") && html.contains("safe\\u{202e}lmth.exe"))
        #expect(!html.contains(HostilePage.long))
        // One script and one style, those whose digests the policy names; nowhere a handler or a style of its own.
        #expect(html.split(separator: "<script").count == 2 && html.split(separator: "<style").count == 2)
        #expect(!html.contains(" style=") && !html.contains("://"))
        #expect(html.contains("default-src 'none'; style-src 'sha256-") && !html.contains("unsafe"))
    }

    @Test func countsPackagesOnceAndNamesTheirImages() throws {
        let folder = TemporaryDirectory()
        let html = try HostilePage(in: folder.path).html
        #expect(html.contains("<b>2</b> packages"))
        #expect(html.contains("<td>libshared</td><td class=\"code\">1:2</td><td>deb</td>"))
        #expect(html.contains("<td class=\"number\" data-value=\"2\">2</td><td>web:3.1, db:2</td>"))
        #expect(html.contains("2 places could not be looked into"))
    }

    @Test func isNoneWhereTheBillIsNone() throws {
        let sample = try SampleBundle { $0.hasBill = true }
        let opening = BillOfMaterialsOpening.opening(index: .of(sample.index))
        let folder = TemporaryDirectory()
        for end in ["", "}}", "}},\"components\":7}\n", "}},\"components\":[{\"components\":[[]]}]}\n"] {
            var members = try sample.members()
            members[members.count - 1] = try .init(BundleAppendix.billMember, Data(opening + Array(end.utf8)))
            let archive = folder.file("bundle.tar.zst")
            try SampleBundle.reframe(members, to: archive)
            let bundle = try BundleReader(opening: archive)
            #expect(throws: Malformed.self) { try BundlePage(of: bundle) }
        }
    }

    @Test(.enabled(if: Program.isInstalled("python3"), "needs python3"))
    func closesEveryElement() async throws {
        let folder = TemporaryDirectory()
        let file = folder.file("page.html")
        try write(HostilePage(in: folder.path).html.utf8, to: file)
        let script = """
            import html.parser, sys
            class Parser(html.parser.HTMLParser):
                open, ids, links = [], [], []
                def handle_starttag(self, tag, attrs):
                    attrs = dict(attrs)
                    if "id" in attrs: self.ids.append(attrs["id"])
                    if "href" in attrs: self.links.append(attrs["href"])
                    if tag not in ("meta", "br", "wbr", "input"): self.open.append(tag)
                def handle_endtag(self, tag):
                    assert self.open.pop() == tag, tag
            parser = Parser()
            parser.feed(open(sys.argv[1]).read())
            assert parser.open == [], parser.open
            assert len(parser.ids) == len(set(parser.ids)), parser.ids
            assert {link[1:] for link in parser.links} <= set(parser.ids), parser.links
            print("sound")
            """
        #expect(try await Program.run("python3", ["-c", script, file.string]) == "sound\n")
    }
}
