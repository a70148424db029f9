package import Cluster
package import NodeImages
package import Preflight
package import SystemPackage

/// What the operator chose for an installation.
package struct InstallOptions: Sendable {
    package var overrides: [String: String]
    package var profile: String?
    package var waived: Set<CheckName>
    /// The node's address; chosen where it is `nil`.
    package var nodeAddress: String?
    /// Make an interface with a default route that leads nowhere.
    package var addsDummyRoute: Bool
    /// Leave the door open for worker nodes.
    package var isMultiNode: Bool
    /// Lets an upgrade go back to an older version of the bundle.
    package var allowsDowngrade: Bool
    /// What a worker joins with.
    package var token: JoinToken?
    package var unpacks: Bool
    /// Who unpacks layers.
    package var unpacker: ImageImport.Unpacker
    /// How many threads may work at once.
    package var workers: Int
    /// How long to wait for k0s to answer and for the node to be ready, each.
    package var startTimeout: Duration
    /// For a bundle without Kubernetes: the node's containerd, and how to reach the cluster.
    package var node: NodeOptions?
    package var kubectl: FilePath?
    package var kubeconfig: FilePath?

    package init(
        overrides: [String: String] = [:], profile: String? = nil, waived: Set<CheckName> = [],
        nodeAddress: String? = nil, addsDummyRoute: Bool = false, isMultiNode: Bool = false,
        allowsDowngrade: Bool = false, token: JoinToken? = nil, unpacks: Bool = true,
        unpacker: ImageImport.Unpacker = .auto, workers: Int, startTimeout: Duration = .seconds(300),
        node: NodeOptions? = nil, kubectl: FilePath? = nil, kubeconfig: FilePath? = nil
    ) {
        self.overrides = overrides
        self.profile = profile
        self.waived = waived
        self.nodeAddress = nodeAddress
        self.addsDummyRoute = addsDummyRoute
        self.isMultiNode = isMultiNode
        self.allowsDowngrade = allowsDowngrade
        self.token = token
        self.unpacks = unpacks
        self.unpacker = unpacker
        self.workers = workers
        self.startTimeout = startTimeout
        self.node = node
        self.kubectl = kubectl
        self.kubeconfig = kubeconfig
    }
}
