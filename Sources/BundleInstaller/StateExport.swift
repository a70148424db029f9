package import BundleFormat
internal import Cluster
internal import NodeImages
internal import OCI
internal import Threads

extension InstalledPlatform {
    /// What this host has of the installed bundle, for a delta to be built upon; nothing is changed.
    ///
    /// Throws `ContainerdError` where containerd can't be asked, and `InstallError`.
    package func state() async throws -> InstalledState {
        let content = try await KeptContent.read(of: record.label, on: record.node)
        var blobs = content.blobs.map { InstalledState.Blob(digest: $0.key, size: $0.value) }
        if let program = k0s?.paths.binary {
            blobs += try await onThread("export") {
                try StateFile.digest(of: program).map { digest in
                    InstalledState.Blob(digest: digest, size: try StateFile.size(of: program))
                }.map { [$0] } ?? []
            }
        }
        return InstalledState(
            bundle: record.bundle, version: record.version, index: record.index, platform: .current, blobs: blobs)
    }
}
