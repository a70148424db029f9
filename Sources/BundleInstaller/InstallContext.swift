internal import BundleFormat
internal import Cluster
internal import NodeImages
internal import OCI
internal import SystemPackage

/// What every step of an installation works with.
struct InstallContext: Sendable {
    var bundle: BundleReader
    var files: BundleFiles
    var expansion: ParameterExpansion
    var options: InstallOptions
    var paths: InstallerPaths
    /// `nil` where the bundle is installed onto a Kubernetes that was there.
    var k0s: K0s?
    var kubectl: Kubectl
    var node: NodeOptions
    var record: RecordKeeper
    /// Taken out of what is journalled and reported.
    var secrets: Secrets
    var report: @Sendable (InstallEvent) -> Void

    /// What tells this bundle from any other.
    var bundleDigest: String { bundle.index.descriptor.digest.description }

    /// A manifest, check or configuration with its parameters' values put in.
    func text(_ title: String) throws -> String { try expansion.expand(files.text(title), of: title, in: bundle.path) }
}
