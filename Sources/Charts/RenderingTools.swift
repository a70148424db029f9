package import SystemPackage

/// The user's helm and kubectl, and what of the user's environment they get to see.
package struct RenderingTools: Sendable {
    /// The one that was named; `nil`: the first on the user's `PATH`.
    package var helm: FilePath?
    package var kubectl: FilePath?
    /// The environment of this process.
    package var environment: [String: String]
    /// Hosts of repositories that are spoken to without TLS.
    package var plainHTTPHosts: Set<String>
    /// Certificates to trust instead of the system's, by host.
    package var certificateAuthorities: [String: FilePath]
    /// How long rendering may take, and how long fetching a chart.
    package var timeouts: (render: Duration, fetch: Duration)

    package init(
        helm: FilePath? = nil, kubectl: FilePath? = nil, environment: [String: String],
        plainHTTPHosts: Set<String> = [], certificateAuthorities: [String: FilePath] = [:],
        timeouts: (render: Duration, fetch: Duration) = (.seconds(120), .seconds(600))
    ) {
        self.helm = helm
        self.kubectl = kubectl
        self.environment = environment
        self.plainHTTPHosts = plainHTTPHosts
        self.certificateAuthorities = certificateAuthorities
        self.timeouts = timeouts
    }

    var searchPath: String { environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin" }

    /// What a run changes of the environment: everything of the user's goes, but how to find programs and, where it is
    /// to `fetch`, how to get through a proxy and which registries know the user.
    func variables(home: FilePath, fetches: Bool) -> [String: String?] {
        var variables: [String: String?] = [:]
        let network: Set = [
            "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ]
        for name in environment.keys where name != "PATH" && !(fetches && network.contains(name)) {
            variables[name] = .some(nil)
        }
        variables["HOME"] = home.string
        variables["TMPDIR"] = home.string
        variables["LANG"] = "C"
        // A cluster that is at hand here is not the one that the bundle is for.
        variables["KUBECONFIG"] = "/dev/null"
        for (name, folder) in [
            ("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data"),
        ] {
            variables[name] = home.appending(folder).string
        }
        if fetches {
            let docker = environment["DOCKER_CONFIG"] ?? environment["HOME"].map { "\($0)/.docker" }
            if let docker { variables["DOCKER_CONFIG"] = docker }
        } else {
            // Nothing answers there: what would be fetched now would not be what was locked.
            for name in ["HTTP_PROXY", "HTTPS_PROXY"] { variables[name] = "http://127.0.0.1:9" }
        }
        return variables
    }
}
