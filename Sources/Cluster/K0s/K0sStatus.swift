/// What a running k0s says of itself.
package struct K0sStatus: Hashable, Sendable {
    package var version: String
    /// "controller" or "worker"; empty where k0s didn't say.
    package var role: String
    package var pid: Int?
    /// Whether it was installed for this one node only.
    package var isSingleNode: Bool
    /// Whether this node runs workloads.
    package var hasWorkloads: Bool
    /// Whether this node reaches the API with its own certificate; `false` where it runs no workloads.
    package var reachesAPI: Bool
    /// Why it doesn't; empty where it does, or where k0s didn't say.
    package var apiProblem: String
    /// The arguments that its service was started with.
    package var arguments: [String]

    /// Reads what `k0s status -o json` prints; `nil` where that isn't it.
    init?(_ json: JSON) {
        guard let version = json["Version"].string else { return nil }
        self.version = version
        role = json["Role"].string ?? ""
        pid = json["Pid"].int
        isSingleNode = json["SingleNode"].isTrue
        hasWorkloads = json["Workloads"].isTrue
        reachesAPI = json["WorkerToAPIConnectionStatus"]["Success"].isTrue
        apiProblem = json["WorkerToAPIConnectionStatus"]["Message"].string ?? ""
        arguments = json["Args"].elements.compactMap(\.string)
    }
}
