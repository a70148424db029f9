package import HTTP
package import OCI

/// Where a registry's images are fetched from instead: the only place that is asked.
package struct RegistryMirror: Hashable, Sendable {
    /// The registry as image names spell it.
    package let registry: String
    package let base: HTTPURL

    /// Parses `HOST=URL`, as in `docker.io=http://127.0.0.1:5000`.
    ///
    /// A path in the URL is put before every repository, as proxy registries want it:
    /// `docker.io=https://harbor.example/hub` asks for `hub/library/busybox`.
    package init(parsing text: String) throws(Malformed) {
        guard let equals = text.firstIndex(of: "=") else {
            throw Malformed(
                "mirror", Self.shown(text), breaks: "expected HOST=URL, as in docker.io=http://127.0.0.1:5000")
        }
        let host = String(text[..<equals])
        let url = String(text[text.index(after: equals)...])
        // There may be a password in it.
        let shown = "\(Self.shown(host))=\(Self.shown(url))"
        // One rule for the spelling of registries: that of image names.
        guard !host.contains("/"), let reference = Self.anyReference(in: host) else {
            throw Malformed("mirror", shown, breaks: "'\(Self.shown(host))' is not the host of a registry")
        }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw Malformed("mirror", shown, breaks: "the URL must start with http:// or https://")
        }
        guard !url.contains("?"), !url.contains("#") else {
            throw Malformed("mirror", shown, breaks: "the URL must have neither query nor fragment")
        }
        registry = reference.registry
        do {
            base = try HTTPURL(parsing: url)
        } catch {
            throw Malformed("mirror", Self.shown(url), breaks: "\(error)")
        }
    }

    /// `text` without the password that somebody may have put there, in whatever place.
    private static func shown(_ text: String) -> String {
        let shown = HTTPURL.shown(text)
        return shown.lastIndex(of: "@").map { String(shown[shown.index(after: $0)...]) } ?? shown
    }

    private static func anyReference(in host: String) -> ImageReference? {
        // Not a registry's host when no name can be in it; the reason is told by the caller.
        try? ImageReference(parsing: "\(host)/a/b")
    }
}
