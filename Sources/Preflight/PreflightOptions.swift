package import SystemPackage

/// What is to be done on the host, and what the operator has said about it.
package struct PreflightOptions: Sendable {
    /// What preflight is for.
    package enum Purpose: Hashable, Sendable {
        case install
        /// Only images, into a containerd that is there.
        case importImages
    }

    /// What the host will be in its cluster.
    package enum Role: Hashable, Sendable {
        /// The one node that there is.
        case single
        /// The first of several.
        case controller
        /// A node that joins the API at a host, of which nothing is known but its name or address.
        case worker(controller: String)
    }

    /// Runs the k0s of the bundle with arguments; returns its exit status and what it printed, errors where that is all.
    package typealias RunK0s = @Sendable (_ arguments: [String]) async throws -> (status: Int32, output: String)

    package var purpose: Purpose
    package var role: Role
    /// Whether this Kubernetes was installed by us, in full or in part: then its own ports and processes are no
    /// obstacle.
    package var isInstalled: Bool
    /// Checks that may fail.
    package var waived: Set<CheckName>
    /// The node's address as the operator wrote it; `nil`: it is chosen.
    package var nodeAddress: String?
    /// Whether the installer will make an interface with a default route.
    package var addsDummyRoute: Bool
    /// Bytes of the bundle's images that are in the content store already.
    package var storedBytes: Int64
    /// Where Kubernetes, its containerd with content store and snapshots among it, has its data; for an import the
    /// root of that containerd.
    package var dataDirectory: FilePath
    /// Where the installer keeps its own state.
    package var stateDirectory: FilePath
    /// The bundle's archive and the installer itself.
    package var bundle: FilePath?
    package var installer: FilePath?
    /// `nil`: there is no k0s that could be asked.
    package var runK0s: RunK0s?
    package var host: Host

    package init(
        purpose: Purpose = .install, role: Role = .single, isInstalled: Bool = false, waived: Set<CheckName> = [],
        nodeAddress: String? = nil, addsDummyRoute: Bool = false, storedBytes: Int64 = 0,
        dataDirectory: FilePath = "/var/lib/k0s",
        stateDirectory: FilePath = "/var/lib/sealift", bundle: FilePath? = nil, installer: FilePath? = nil,
        runK0s: RunK0s? = nil, host: Host = .current
    ) {
        self.purpose = purpose
        self.role = role
        self.isInstalled = isInstalled
        self.waived = waived
        self.nodeAddress = nodeAddress
        self.addsDummyRoute = addsDummyRoute
        self.storedBytes = storedBytes
        self.dataDirectory = dataDirectory
        self.stateDirectory = stateDirectory
        self.bundle = bundle
        self.installer = installer
        self.runK0s = runK0s
        self.host = host
    }
}
