internal import BundleFormat
package import Cluster
internal import NodeImages
internal import OCI
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

    /// `nil` where Kubernetes was there before.
    var k0s: K0s? { record.kubernetes == nil ? nil : K0s(paths: k0sPaths) }

    var kubectl: Kubectl {
        if let k0s { return k0s.kubectl }
        let program: Program = record.kubectl.map { .path(FilePath($0)) } ?? .name("kubectl")
        return record.kubeconfig.map { Kubectl(program, kubeconfig: FilePath($0)) } ?? Kubectl(program)
    }

    var node: NodeOptions { NodeOptions(socket: FilePath(record.socket), namespace: record.namespace) }

    /// Runs every check: the resources first, then the bundle's Jobs; `report` gets each result as it comes.
    ///
    /// Returns whether all passed. Throws `ClusterError` where a check could not even be tried.
    package func check(report: (CheckResult) -> Void) async throws -> Bool {
        let kept = try KeptBundle(in: paths.bundle)
        let parameters = try Parameters(keptAt: paths.parameters)
        let expansion = try ParameterExpansion(
            parameters: kept.description.parameters, values: parameters.values)
        let check = PlatformCheck(
            kept.description.stages, kubectl: kubectl, objects: record.objects,
            text: { try kept.text($0, expansion) })
        var allPassed = true
        func take(_ result: CheckResult) {
            allPassed = allPassed && result.passed
            report(result)
        }
        for result in try await check.resources() { take(result) }
        try await check.jobs(report: take)
        return allPassed
    }
}
