import Testing

@testable import BundlePage

/// What is put into a page is text, whatever it says.
@Suite struct MarkupTests {
    @Test(arguments: [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (#"" onfocus="x' a=&lt;"#, "&quot; onfocus=&quot;x&#39; a=&amp;lt;"),
        ("a\u{202E}gpj.exe", "a\\u{202e}gpj.exe"), ("line\nbreak\u{0}", "line\\u{a}break\\u{0}"),
        ("nàïve 日本 🚢", "nàïve 日本 🚢"),
    ])
    func isEscaped(_ text: String, _ shown: String) {
        #expect(Markup(text: text).html == shown)
        #expect(("<b title=\"\(text)\">\(text)</b>" as Markup).html == "<b title=\"\(shown)\">\(shown)</b>")
    }

    @Test func isCutWhereItIsTooLong() {
        let html = Markup(text: String(repeating: "<", count: 100_000)).html
        #expect(html.hasSuffix("&lt;…") && html.utf8.count < 3000)
    }

    @Test func isNotEscapedTwice() {
        let inner: Markup = "<i>\("&")</i>"
        #expect(("<p>\(inner)</p>" as Markup).html == "<p><i>&amp;</i></p>")
        #expect([inner, inner].joined(separator: ", ").html == "<i>&amp;</i>, <i>&amp;</i>")
    }
}
