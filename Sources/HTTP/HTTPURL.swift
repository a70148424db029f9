internal import CCurl

/// An absolute `http` or `https` URL, parsed by libcurl itself: what we check is what it will connect to.
///
/// User information is refused: credentials come from the credential store and never stand in a URL.
package struct HTTPURL: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http, https
    }

    /// The whole URL, as it is sent; may carry secrets in its query, so never print it.
    package let text: String
    package let scheme: Scheme
    /// Lower case; brackets around an IPv6 address.
    package let host: String
    package let port: Int
    /// Percent-encoded, at least `/`.
    package let path: String

    /// Parses an absolute URL.
    package init(parsing text: String) throws(HTTPError) {
        try self.init(steps: [text], shown: text)
    }

    /// The URL that `reference` means in a document at this URL (RFC 3986 §5).
    package func resolving(_ reference: String) throws(HTTPError) -> HTTPURL {
        try HTTPURL(steps: [text, reference], shown: reference)
    }

    /// Two URLs of one origin may see each other's credentials.
    package func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// `host`, or `host:port` where the port isn't the scheme's own: the form in which configurations name a host.
    package var authority: String {
        port == (scheme == .https ? 443 : 80) ? host : "\(host):\(port)"
    }

    /// An address of this machine itself.
    package var isLoopback: Bool {
        host == "localhost" || host == "[::1]" || Self.isLoopbackIPv4(host)
    }

    private init(steps: [String], shown: String) throws(HTTPError) {
        func refuse(_ reason: String) -> HTTPError { .invalidURL(Self.shown(shown), reason: reason) }
        guard !steps.contains(where: { $0.utf8.contains { $0 <= 0x20 || $0 == 0x7F } }) else {
            throw refuse("it contains a space or a control character")
        }
        guard let handle = curl_url() else { throw refuse("out of memory") }
        defer { curl_url_cleanup(handle) }
        for step in steps {
            let code = curl_url_set(handle, CURLUPART_URL, step, UInt32(CURLU_NON_SUPPORT_SCHEME))
            guard code == CURLUE_OK else { throw refuse(String(cString: curl_url_strerror(code))) }
        }
        // A fragment is the reader's own business and is never sent.
        _ = curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        func part(_ part: CURLUPart, flags: Int32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &value, UInt32(flags)) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME).flatMap(Scheme.init) else {
            throw refuse("only http and https are spoken")
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw refuse("user information in a URL is not accepted")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty, let text = part(CURLUPART_URL),
            let port = part(CURLUPART_PORT, flags: CURLU_DEFAULT_PORT).flatMap({ Int($0) })
        else { throw refuse("it names no host") }
        self.text = text
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port
        self.path = part(CURLUPART_PATH) ?? "/"
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// A URL's text without user information, query and fragment; also of text that isn't a URL at all.
    ///
    /// Where it can't be told what is user information, as with a slash in a password that nobody has escaped, only the
    /// scheme is shown.
    package static func shown(_ text: String) -> String {
        // By scalars: an accent behind a "?" makes it another character to Swift, and to nobody else.
        var rest = text.unicodeScalars[...]
        var scheme = rest.prefix(0)
        if let colon = rest.firstIndex(where: { ":/?#".unicodeScalars.contains($0) }),
            rest[colon...].starts(with: "://".unicodeScalars)
        {
            scheme = rest[...rest.index(colon, offsetBy: 2)]
            rest = rest[scheme.endIndex...]
        }
        var authority = rest.prefix { !"/?#".unicodeScalars.contains($0) }
        rest = rest[authority.endIndex...]
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
        } else if authority.contains(":"), rest.contains("@") {
            return printable("\(String(scheme))…")
        }
        return printable(String(scheme) + String(authority) + String(rest.prefix { $0 != "?" && $0 != "#" }))
    }

    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(300).map {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

extension HTTPURL: CustomStringConvertible, CustomReflectable {
    /// Safe to print: without the query, which is where signed URLs keep their secrets.
    package var description: String { Self.printable("\(scheme.rawValue)://\(authority)\(path)") }

    /// As little as ``description``, so that a dump leaks nothing either.
    package var customMirror: Mirror { Mirror(reflecting: description) }
}
