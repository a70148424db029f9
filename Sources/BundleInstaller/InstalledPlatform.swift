internal import BundleFormat
package import Cluster
internal import NodeImages
internal import OCI
internal import Preflight
internal import Processes
internal import SystemPackage

/// The platform that is installed on this host, as its own state tells it; no archive is needed.
package struct InstalledPlatform: Sendable {
    package let record: InstalledRecord
    let paths: InstallerPaths
    let k0sPaths: K0sPaths

    /// Throws ``InstallError/notInstalled(state:)`` where nothing is.
    package init(paths: InstallerPaths = .host, k0sPaths: K0sPaths = K0sPaths()) throws {
        guard let record = try InstalledRecord.read(paths.record) else {
            throw InstallError.notInstalled(state: paths.state)
        }
        self.record = record
        self.paths = paths
        self.k0sPaths = k0sPaths
    }

    /// Whether anything is installed, in full or in part.
    package static func isThere(paths: InstallerPaths = .host) throws -> Bool {
        try InstalledRecord.read(paths.record) != nil
    }

    /// A token with which workers may join for the time given; throws where none can.
    package func joinToken(expiry: Duration) async throws -> JoinToken {
        try mustNotBeWorker("tokens are made where the platform was installed, on the controller")
        guard let k0s else { throw InstallError.closed(reason: "\(record.label) brought no Kubernetes of its own") }
        guard record.isMultiNode else { throw InstallError.closed(reason: "the cluster is for this one node") }
        let token = try JoinToken(await k0s.createToken(for: .worker, expiry: expiry))
        // It works here and nowhere else.
        guard token.host != "localhost", IPAddress(token.host)?.isLoopback != true else {
            throw InstallError.closed(reason: "the API is at \(token.server), which only this host reaches")
        }
        return token
    }

    private func mustNotBeWorker(_ instead: String) throws(InstallError) {
        guard !record.isWorker else { throw .otherRole(isWorker: true, instead: instead) }
    }

    /// `nil` where Kubernetes was there before.
    var k0s: K0s? { record.kubernetes == nil ? nil : K0s(paths: k0sPaths) }

    var kubectl: Kubectl { k0s?.kubectl ?? record.kubectl(paths) }

    /// Runs every check: the resources first, then the bundle's Jobs; `report` gets each result as it comes.
    ///
    /// Returns whether all passed. Throws `ClusterError` where a check could not even be tried, and
    /// ``InstallError/busy(pid:)`` while another command is at work: both would run the same Jobs.
    package func check(report: (CheckResult) -> Void) async throws -> Bool {
        try mustNotBeWorker("checks run where the platform was installed, on the controller")
        let lock = try InstallLock(at: paths.lock)
        defer { withExtendedLifetime(lock) {} }
        let kept = try KeptBundle(in: paths.bundle)
        let parameters = try Parameters(keptAt: paths.parameters)
        let expansion = try ParameterExpansion(
            parameters: kept.description.parameters, values: parameters.values)
        let check = PlatformCheck(
            kept.description.stages, kubectl: kubectl, objects: record.objects,
            text: { try kept.text($0, expansion) })
        var allPassed = true
        let secrets = parameters.secrets
        func take(_ result: CheckResult) {
            allPassed = allPassed && result.passed
            var result = result
            result.detail = result.detail.map { secrets.removed(from: $0) }
            report(result)
        }
        for result in try await check.resources() { take(result) }
        try await check.jobs(report: take)
        return allPassed
    }
}

extension InstalledRecord {
    /// The containerd that the images are in.
    var node: NodeOptions {
        NodeOptions(
            socket: FilePath(socket), namespace: namespace, snapshotter: snapshotter ?? NodeOptions.usualSnapshotter)
    }

    /// The way to a Kubernetes that was there; kubectl keeps what it learns in our folder and nobody's home.
    func kubectl(_ paths: InstallerPaths) -> Kubectl {
        let program: Program = kubectl.map { .path(FilePath($0)) } ?? .name("kubectl")
        var kubectl = kubeconfig.map { Kubectl(program, kubeconfig: FilePath($0)) } ?? Kubectl(program)
        kubectl.cacheFolder = paths.kubectlCache
        return kubectl
    }
}
