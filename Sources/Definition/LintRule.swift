/// What lint looks for: things that work on a connected host and not on an isolated one.
package enum LintRule: String, Hashable, Sendable, Codable, CaseIterable {
    /// An image without a tag, or with the tag `latest`, and without a digest.
    case latestTag = "latest-tag"
    /// A pull policy that asks a registry at every start.
    case pullPolicyAlways = "pull-policy-always"
    /// Something fetched from the Internet while the platform runs.
    case runtimeURL = "runtime-url"
    /// A volume claim that several workloads write.
    case sharedClaim = "shared-claim"
    /// A long-running container whose health nobody can see.
    case missingProbes = "missing-probes"
    /// A container that may take all of the node's memory or processors.
    case missingLimits = "missing-limits"
    /// A directory of the host outside the declared data directories.
    case hostPath = "host-path"
}
