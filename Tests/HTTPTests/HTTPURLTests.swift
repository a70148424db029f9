import HTTP
import Testing

@Suite struct HTTPURLTests {
    @Test(arguments: [
        ("https://Host.Example", "host.example", 443, "/"),
        ("http://127.0.0.1:5000/v2/", "127.0.0.1:5000", 5000, "/v2/"),
        ("https://host:443/x?y=1#z", "host", 443, "/x"),
        ("http://[::1]:80/", "[::1]", 80, "/"),
    ])
    func parses(_ text: String, authority: String, port: Int, path: String) throws {
        let url = try HTTPURL(parsing: text)
        #expect(url.authority == authority)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(!url.text.contains("#"))
    }

    @Test(arguments: [
        "", "host/path", "file:///etc/passwd", "ftp://host/", "https://user:secret@host/", "https://host:99999/",
        "https://", "https://ho st/", "https://host/\r\nX: y", "//host/x",
    ])
    func refuses(_ text: String) {
        #expect(throws: HTTPError.self) { try HTTPURL(parsing: text) }
    }

    @Test(arguments: [
        ("/b", "https://h/b"), ("b", "https://h/x/b"), ("//other/b", "https://other/b"),
        ("https://cdn/b?sig=1", "https://cdn/b?sig=1"), ("?q", "https://h/x/a?q"), ("../../../b", "https://h/b"),
    ])
    func resolvesReferences(_ reference: String, to expected: String) throws {
        #expect(try HTTPURL(parsing: "https://h/x/a").resolving(reference).text == expected)
    }

    @Test(arguments: ["http://127.0.0.1/", "http://localhost:1/", "http://[::1]/", "http://127.9.9.9/"])
    func knowsLoopback(_ text: String) throws {
        #expect(try HTTPURL(parsing: text).isLoopback)
    }

    @Test(arguments: ["http://127.0.0.1.example.org/", "http://localhost.example.org/", "http://128.0.0.1/"])
    func isNotFooledAboutLoopback(_ text: String) throws {
        #expect(try !HTTPURL(parsing: text).isLoopback)
    }

    @Test(arguments: [
        ("https://alice:SECRET@host/x?SECRET#SECRET", "https://host/x"), ("alice:SECRET@host/x", "host/x"),
        ("ftp://alice:SECRET@host", "ftp://host"), ("https://alice:SEC/RET@host/x", "https://…"),
        ("https://alice:12/SECRET@host/x", "https://…"), ("https://a@b:SECRET@host/", "https://host/"),
        ("https://host/x@sha256:1", "https://host/x@sha256:1"),
        ("https://host/\u{1B}[2J\u{9B}", "https://host/\u{FFFD}[2J\u{FFFD}"),
        ("https://alice:SEC?RET@host/x", "https://…"), ("", ""),
    ])
    func showsNoSecretOfAnyText(_ text: String, as expected: String) {
        #expect(HTTPURL.shown(text) == expected)
    }

    @Test func neverShowsUserInformationOrQueries() throws {
        let shown = try "\(HTTPURL(parsing: "https://host/path?signature=SECRET"))"
        #expect(shown == "https://host/path")
        var dumped = ""
        try dump(HTTPURL(parsing: "https://host/path?signature=SECRET"), to: &dumped)
        #expect(!dumped.contains("SECRET"))
        let error = #expect(throws: HTTPError.self) { try HTTPURL(parsing: "https://alice:SECRET@host/?SECRET") }
        #expect(error.map { !"\($0)".contains("SECRET") } == true)
    }

    /// To Swift each of these marks and the accent behind it are one other character.
    @Test(arguments: [
        "https://host/path?\u{301}SECRET", "https://host/path#\u{301}SECRET", "https://a:SECRET@\u{301}host",
    ])
    func neverShowsThemBehindAnAccentEither(_ text: String) {
        #expect(!HTTPURL.shown(text).contains("SECRET"))
    }
}
