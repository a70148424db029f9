package import SystemPackage

/// What a transport needs to know before its first request.
package struct HTTPConfiguration: Sendable {
    package var userAgent: String
    package var connectTimeout: Duration = .seconds(30)
    /// A transfer that brings nothing, or less than ``minimumSpeed`` on average, for this long has failed.
    package var stallTimeout: Duration = .seconds(60)
    /// In bytes a second: what drips more slowly is no transfer but somebody who wants to keep us waiting.
    package var minimumSpeed: Int64 = 1024
    /// Hosts (`host` or `host:port`) with which plain HTTP may be spoken.
    package var plainHTTPHosts: Set<String> = []
    /// A PEM file for a host (`host` or `host:port`): the only certificate authorities that are trusted there.
    package var certificateAuthorities: [String: FilePath] = [:]
    /// Whether `http_proxy`, `https_proxy` and `no_proxy` are looked at.
    package var usesProxyEnvironment = true
    package var maximumRedirects = 5
    /// Told of every request that ended, redirects one by one; on any thread.
    package var observe: (@Sendable (HTTPEvent) -> Void)?

    package init(userAgent: String) {
        self.userAgent = userAgent
    }

    func permitsPlainHTTP(_ url: HTTPURL) -> Bool {
        plainHTTPHosts.contains(url.host) || plainHTTPHosts.contains("\(url.host):\(url.port)")
    }

    func certificateAuthority(for url: HTTPURL) -> FilePath? {
        certificateAuthorities["\(url.host):\(url.port)"] ?? certificateAuthorities[url.authority]
            ?? certificateAuthorities[url.host]
    }
}
