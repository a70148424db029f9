package import BundleFormat
package import OCI

/// What a bundle needs of a host, in figures.
package struct PreflightNeeds: Hashable, Sendable {
    package var platforms: [Platform]
    /// The Kubernetes that the bundle brings; `nil`: none.
    package var distribution: String?
    /// Bytes of its executable.
    package var distributionBytes: Int64
    /// Bytes of all images' content as it goes into the content store.
    package var imageBytes: Int64
    /// Bytes of all layers unpacked, each counted once.
    package var unpackedBytes: Int64
    /// What the workloads ask for, with the paths that they will really have.
    package var workloads: Requirements
    /// References of all images, normalised.
    package var images: [String]
    /// When the bundle was made, in seconds since 1970, where it says so.
    package var created: Int64?
    /// The addresses of pods and services: `10.244.0.0/16`.
    package var podCIDR: String
    package var serviceCIDR: String
    /// The parameters that paths and addresses come from, with their values.
    package var settings: [String: String] = [:]

    /// What k0s takes where its configuration says nothing.
    package static let defaultPodCIDR = "10.244.0.0/16"
    package static let defaultServiceCIDR = "10.96.0.0/12"

    package init(
        platforms: [Platform] = [.current], distribution: String? = "k0s", distributionBytes: Int64 = 0,
        imageBytes: Int64 = 0, unpackedBytes: Int64 = 0, workloads: Requirements = Requirements(),
        images: [String] = [], created: Int64? = nil, podCIDR: String = defaultPodCIDR,
        serviceCIDR: String = defaultServiceCIDR
    ) {
        self.platforms = platforms
        self.distribution = distribution
        self.distributionBytes = distributionBytes
        self.imageBytes = imageBytes
        self.unpackedBytes = unpackedBytes
        self.workloads = workloads
        self.images = images
        self.created = created
        self.podCIDR = podCIDR
        self.serviceCIDR = serviceCIDR
    }

    /// What of it a worker needs: Kubernetes decides which pods come, and only those of DaemonSets are sure to. Volumes
    /// are where the platform was installed.
    package var ofWorker: PreflightNeeds {
        var needs = self
        needs.workloads = Requirements(hostPorts: workloads.hostPorts.filter { $0.owner.hasPrefix("DaemonSet/") })
        return needs
    }

    /// How the operator changes the parameter whose value `isIt`; where there is none, who can.
    func change(where isIt: (String) -> Bool, _ value: String) -> String {
        let name = settings.keys.sorted().first { isIt(settings[$0] ?? "") }
        return name.map { "--set \($0)=\(value)" } ?? "it is fixed in the bundle, which must be built anew"
    }
}
