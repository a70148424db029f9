package import HTTP
package import SystemPackage

/// Everything that decides where and how a ``RegistryClient`` fetches.
package struct RegistryConfiguration: Sendable {
    /// Sent with every request: `sealift/VERSION`.
    package var userAgent: String
    /// At most one for a registry; the last one counts.
    package var mirrors: [RegistryMirror] = []
    /// Hosts (`host` or `host:port`) with which plain HTTP may be spoken. A mirror on loopback needs no entry.
    package var plainHTTPHosts: Set<String> = []
    /// A PEM file for a host (`host` or `host:port`): the only certificate authorities that are trusted there.
    package var certificateAuthorities: [String: FilePath] = [:]
    package var credentials: CredentialStore = .none
    /// Layers and files that are transferred at a time.
    package var maximumTransfers = 6
    /// Of these, from one host; `nil` for no limit of its own.
    package var maximumTransfersPerHost: Int?
    package var retry = RetryPolicy()
    package var connectTimeout: Duration = .seconds(30)
    /// A transfer that brings nothing, or next to nothing, for this long has failed.
    package var stallTimeout: Duration = .seconds(60)
    /// How long a manifest, a token or another small document may take, redirects included.
    package var documentTimeout: Duration = .seconds(300)
    package var maximumManifestSize: Int64 = 4 << 20
    /// For plain files whose size nobody knows beforehand.
    package var maximumFileSize: Int64 = 16 << 30
    /// How far a ``BlobStream`` runs ahead of its reader.
    package var streamBufferSize = 8 << 20
    /// Whether `http_proxy`, `https_proxy` and `no_proxy` are looked at.
    package var usesProxyEnvironment = true

    /// Told of every request that ended, those for tokens too.
    package var observe: (@Sendable (HTTPEvent) -> Void)?

    package init(userAgent: String) {
        self.userAgent = userAgent
    }

    /// Makes `timeout` what a server may let us wait without bringing anything, and everything else that waits fit it.
    ///
    /// 60 seconds give the defaults.
    package mutating func wait(for timeout: Duration) {
        connectTimeout = min(.seconds(30), timeout)
        stallTimeout = timeout
        documentTimeout = timeout * 5
        retry.maximumRetryAfter = timeout
        retry.patience = timeout * 10
    }
}
