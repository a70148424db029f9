package import OCI
package import SystemPackage

/// Which containerd is meant, and how images are kept there.
package struct NodeOptions: Sendable {
    /// containerd's socket, as an absolute path.
    package var socket: FilePath
    /// Kubernetes looks into `k8s.io` only.
    package var namespace: String
    /// Where layers are unpacked to.
    package var snapshotter: String
    /// Which of a bundle's platforms the node runs.
    package var platform: Platform

    /// containerd's own default.
    package static let usualSnapshotter = "overlayfs"

    package init(
        socket: FilePath, namespace: String = "k8s.io", snapshotter: String = usualSnapshotter,
        platform: Platform = .current
    ) {
        self.socket = socket
        self.namespace = namespace
        self.snapshotter = snapshotter
        self.platform = platform
    }
}
