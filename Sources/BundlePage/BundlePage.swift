package import BundleFormat
internal import FoundationEssentials
internal import OCI

/// A bundle as one page of HTML that needs nothing else: no network, no font, no picture, and no script but for sorting
/// and filtering.
///
/// The page's policy names the digests of its one style and its one script: nothing that a bundle says could run, even if
/// it got past the escaping. Equal bundles give equal pages.
package struct BundlePage {
    let bundle: BundleReader
    let summary: BundleSummary
    let images: PageImages
    let bill: PageBill?
    private let map: SpaceMapDrawing

    /// Reads the front of the archive and its bill of materials; throws where one of them is not as it must be.
    package init(of bundle: BundleReader) throws {
        self.bundle = bundle
        summary = BundleSummary(of: bundle)
        images = PageImages(of: bundle, summary)
        let document = try bundle.appendix()?.bill
        let images = images
        bill = try document.map { (document) throws(Malformed) in try PageBill(reading: document, images: images) }
        map = SpaceMapDrawing(SpaceMap(bundle, summary, images, billBytes: Int64(document?.count ?? 0)))
    }

    /// The page, in UTF-8.
    package var html: String {
        let style = PageStyle.text(map)
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="\(Markup(trusted: Self.policy(style)))">
            <title>\(summary.name) \(summary.version) · bundle</title>
            <style>\(Markup(trusted: style))</style>
            </head>
            <body>
            \(header)
            <main>
            \(spaceSection)
            \(imageSection)
            \(layerSection)
            \(packageSection)
            \(installationSection)
            \(fileSection)
            \(replacementSection)
            </main>
            \(footer)
            <script>\(Markup(trusted: PageScript.text))</script>
            </body>
            </html>

            """
        return page.html
    }

    private static func policy(_ style: String) -> String {
        func hash(_ text: String) -> String {
            "'sha256-\(Data(Digest.of(Data(text.utf8)).bytes).base64EncodedString())'"
        }
        return "default-src 'none'; style-src \(hash(style)); script-src \(hash(PageScript.text)); base-uri 'none'; "
            + "form-action 'none'"
    }

    private var spaceSection: Markup {
        let absent = images.layers.filter { !$0.isHere }
        let sum = ByteCount(absent.reduce(0) { $0 + $1.bytes })
        let note: Markup =
            absent.isEmpty
            ? ""
            : """
            <p class="note">\(Self.count(absent.count, "layer")), \(sum), \(absent.count == 1 ? "is" : "are") not in this \
            archive but in the base that it builds upon.</p>

            """
        return """
            <section id="space" aria-labelledby="space-title">
            <h2 id="space-title">What takes the space</h2>
            <p class="legend"><span class="own">layers of one image</span> <span class="shared">layers that images \
            share, once</span> <span class="other">Kubernetes, files, documents</span></p>
            <a class="skip" href="#images">Skip the map</a>
            <ul class="map">
            \(map.html)</ul>
            \(note)</section>
            """
    }

    private var footer: Markup {
        """
        <footer>
        <p>Drawn from the archive's own index and bill of materials. That every byte of it is what they say is proven \
        by <code>sealift verify</code>; <code>--report</code> puts it on paper.</p>
        <p>Index <code class="long">\(summary.index)</code></p>
        </footer>
        """
    }

    /// `1 image`, `3 images`.
    static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
