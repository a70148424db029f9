import DefinitionTestSupport
import SystemPackage
import Testing
import Yams

/// The bundle's configuration of Prometheus, for programs that run on this machine.
struct PrometheusFiles {
    /// Where a job's figures are, on loopback.
    struct Target {
        let port: Int
        /// `nil`: the job's own.
        var path: String?
    }

    /// The folder in the container.
    private static let mount = "/etc/prometheus/"

    let configuration: String
    /// The files of rules, by name.
    let rules: [(file: String, text: String)]

    init(_ platform: RenderedPlatform) throws {
        let map = try #require(platform.object("ConfigMap", "prometheus-config"))
        let data = strings(map.node["data"])
        configuration = try #require(data["prometheus.yml"])
        rules = data.filter { $0.key != "prometheus.yml" }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The names of the jobs that it collects from.
    var jobs: [String] {
        get throws {
            let jobs = try Yams.compose(yaml: configuration)?["scrape_configs"]?.sequence
            return try #require(jobs).map { try #require($0["job_name"]?.string) }
        }
    }

    /// Writes everything into `folder`, as it is but for the paths.
    func write(to folder: FilePath) throws {
        try write(configuration, to: folder)
    }

    /// Writes everything into `folder`; each job collects from its target, every second, and alerts go to `alertmanager`.
    /// A job without target is an error.
    func write(to folder: FilePath, targets: [String: Target], alertmanager: Int) throws {
        var root = try #require(try Yams.compose(yaml: configuration))
        root["global"]?["scrape_interval"] = "1s"
        root["global"]?["scrape_timeout"] = "1s"
        root["global"]?["evaluation_interval"] = "1s"
        var jobs: [Node] = []
        for var job in try #require(root["scrape_configs"]?.sequence) {
            let name = try #require(job["job_name"]?.string)
            let target = try #require(targets[name], "no target for the job \(name)")
            job.mapping?["dns_sd_configs"] = nil
            job["static_configs"] = [["targets": [Node("127.0.0.1:\(target.port)")]]]
            if let path = target.path { job["metrics_path"] = Node(path) }
            jobs.append(job)
        }
        root["scrape_configs"] = Node(jobs)
        let alertmanagers = try #require(root["alerting"]?["alertmanagers"]?.sequence)
        var first = try #require(alertmanagers.first)
        first["static_configs"] = [["targets": [Node("127.0.0.1:\(alertmanager)")]]]
        root["alerting"] = ["alertmanagers": Node([first])]
        try write(try Yams.serialize(node: root), to: folder)
    }

    private func write(_ configuration: String, to folder: FilePath) throws {
        let parts = configuration.split(separator: Self.mount, omittingEmptySubsequences: false)
        let text = parts.joined(separator: folder.string + "/")
        try DefinitionTestSupport.write(text, to: folder.appending("prometheus.yml"))
        for (file, text) in rules { try DefinitionTestSupport.write(text, to: folder.appending(file)) }
    }
}
