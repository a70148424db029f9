internal import OCI

/// What the workloads of a bundle ask of a host, counted when it was built.
///
/// Counted with the parameter values that the bundle was built with; a host that runs more replicas needs more.
package struct Requirements: Hashable, Sendable, Codable {
    /// A port of the host itself that something of the bundle takes.
    package struct HostPort: Hashable, Sendable, Codable {
        package var port: Int
        /// `TCP`, `UDP` or `SCTP`.
        package var `protocol`: String
        /// `Kind/name` of what takes it: `Deployment/traefik`.
        package var owner: String

        package init(port: Int, protocol: String, owner: String) {
            self.port = port
            self.protocol = `protocol`
            self.owner = owner
        }
    }

    /// A path of the host that is mounted into a pod.
    package struct HostPath: Hashable, Sendable, Codable {
        package var path: String
        /// `Kind/name` of what mounts it.
        package var owner: String
        /// What a PersistentVolume promises to have there, in bytes; `nil` where nobody says.
        package var bytes: Int64?

        package init(path: String, owner: String, bytes: Int64? = nil) {
            self.path = path
            self.owner = owner
            self.bytes = bytes
        }
    }

    /// The CPU that all pods request together, in thousandths of a core.
    package var cpuMillis: Int64
    /// The memory that all pods request together, in bytes.
    package var memoryBytes: Int64
    /// The memory that all pods may use together, in bytes; containers without a limit are not in it.
    package var memoryLimitBytes: Int64
    /// The capacity of all PersistentVolumes, and what claims ask for that no PersistentVolume of the bundle serves.
    package var volumeBytes: Int64
    package var hostPorts: [HostPort]
    package var hostPaths: [HostPath]

    package init(
        cpuMillis: Int64 = 0, memoryBytes: Int64 = 0, memoryLimitBytes: Int64 = 0, volumeBytes: Int64 = 0,
        hostPorts: [HostPort] = [], hostPaths: [HostPath] = []
    ) {
        self.cpuMillis = cpuMillis
        self.memoryBytes = memoryBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.volumeBytes = volumeBytes
        self.hostPorts = hostPorts
        self.hostPaths = hostPaths
    }

    /// Throws where a figure is none that a build writes.
    func validate() throws(Malformed) {
        let amounts = [cpuMillis, memoryBytes, memoryLimitBytes, volumeBytes] + hostPaths.compactMap(\.bytes)
        if let wrong = amounts.first(where: { $0 < 0 }) {
            throw Malformed(BundleDescription.subject, "\(wrong)", breaks: "requirements are never negative")
        }
        if let wrong = hostPorts.first(where: { !(1...65535).contains($0.port) }) {
            throw Malformed(BundleDescription.subject, "\(wrong.port)", breaks: "a host port is from 1 to 65535")
        }
        if let wrong = hostPaths.first(where: { !$0.path.hasPrefix("/") }) {
            throw Malformed(BundleDescription.subject, wrong.path, breaks: "a path of the host is absolute")
        }
    }
}
