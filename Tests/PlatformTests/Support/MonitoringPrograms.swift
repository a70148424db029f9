import SystemPackage
import Testing
import Yams

/// Debian's builds of the monitoring's programs, with the arguments that the bundle gives the real ones.
struct MonitoringPrograms {
    static let areInstalled = ["prometheus", "prometheus-alertmanager", "prometheus-node-exporter"]
        .allSatisfy(isInstalled)
    static let missing = "needs Debian's prometheus, prometheus-alertmanager and prometheus-node-exporter"

    private static func isInstalled(_ name: String) -> Bool {
        (try? FileDescriptor.open(FilePath("/usr/bin").appending(name), .readOnly).close()) != nil  // nil: not there
    }

    let platform: RenderedPlatform
    /// Holds the configuration and the data.
    let folder: FilePath

    func prometheus(port: Int) throws -> [String] {
        ["/usr/bin/prometheus"]
            + (try arguments(of: "StatefulSet", "prometheus", port: port) {
                $0.replacing("/etc/prometheus/", with: folder.string + "/")
                    .replacing("tsdb.path=/prometheus", with: "tsdb.path=\(folder)/prometheus-data")
            })
    }

    func alertmanager(port: Int) throws -> [String] {
        ["/usr/bin/prometheus-alertmanager"]
            + (try arguments(of: "StatefulSet", "alertmanager", port: port) {
                $0.replacing("/etc/alertmanager/", with: folder.string + "/")
                    .replacing("path=/alertmanager", with: "path=\(folder)/alertmanager-data")
            })
    }

    func nodeExporter(port: Int) throws -> [String] {
        ["/usr/bin/prometheus-node-exporter"]
            + (try arguments(of: "DaemonSet", "node-exporter", port: port) {
                $0.replacing("=/host/root", with: "=/").replacing("=/host", with: "=")
            })
    }

    private func arguments(
        of kind: String, _ name: String, port: Int, _ adapt: (String) -> String
    ) throws -> [String] {
        let container = try #require(platform.object(kind, name)?.podSpec?["containers"]?.sequence?.first)
        let arguments = try #require(container["args"]?.sequence).map { try #require($0.string) }
        return arguments.map(adapt) + ["--web.listen-address=127.0.0.1:\(port)"]
    }
}

extension String {
    func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
