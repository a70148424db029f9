package import FoundationEssentials
package import ImageLayout
package import OCI

/// What a bundle is: the config document of its artifact manifest.
///
/// Everything that the isolated side needs to know beyond the blobs themselves. Paths of the definition have become
/// titles of the artifact's layers, references carry their names and digests, parameters their final defaults.
package struct BundleDescription: Hashable, Sendable, Codable {
    /// The only schema that this version of Sealift writes and reads.
    package static let currentSchema = 1
    /// The most platforms that a bundle is for: every image is looked through for each.
    private static let platformLimit = 16

    package var schemaVersion: Int
    package var name: String
    package var version: String
    package var description: String?
    package var platforms: [Platform]
    /// `nil`: the bundle is installed onto a Kubernetes that is there.
    package var kubernetes: Kubernetes?
    package var parameters: [Parameter]
    /// Parameter values by profile name.
    package var profiles: [String: [String: String]]
    package var stages: [Stage]
    package var images: [Image]
    package var files: [File]
    /// What the workloads ask of a host; zero where nobody has counted.
    package var requirements: Requirements {
        get { countedRequirements ?? Requirements() }
        set { countedRequirements = newValue == Requirements() ? nil : newValue }
    }
    /// `nil` is not written: bundles without workloads look as they did before anybody counted.
    private var countedRequirements: Requirements?
    /// What they ask with a profile's values, by profile name; those that ask as much as without one are not in it.
    package var profileRequirements: [String: Requirements] {
        get { countedProfileRequirements ?? [:] }
        set { countedProfileRequirements = newValue.isEmpty ? nil : newValue }
    }
    private var countedProfileRequirements: [String: Requirements]?
    /// Whether the archive ends with a bill of materials.
    package var hasBill: Bool {
        get { bill != nil }
        set { bill = newValue ? BundleAppendix.billMember : nil }
    }
    /// The bill's member; `nil` is not written.
    private var bill: String?
    /// Layers that were encoded anew, with the manifests and indexes that lead to them; by the original's digest.
    package var replacements: [Replacement] {
        get { replaced ?? [] }
        set { replaced = newValue.isEmpty ? nil : newValue.sorted { $0.original.digest < $1.original.digest } }
    }
    /// `nil` is not written: a bundle of what the registries have is the rule.
    private var replaced: [Replacement]?
    /// What a delta builds upon; `nil` in a bundle that has everything, and then not written.
    package var base: Base?
    /// The version of the tool that built the bundle.
    package var builtWith: String

    /// An earlier bundle, and what the host of a delta must have had of it.
    package struct Base: Hashable, Sendable, Codable {
        /// The digest of its `index.json`.
        package var index: Digest
        /// Its name and version, where whoever built the delta could know them.
        package var name: String?
        package var version: String?
        /// Layers of images, and programs of Kubernetes, that hang from the delta's index and are not in its archive;
        /// sorted, each once.
        package var leftOut: [Digest]

        package init(index: Digest, name: String?, version: String?, leftOut: some Sequence<Digest>) {
            self.index = index
            self.name = name
            self.version = version
            self.leftOut = Set(leftOut).sorted()
        }

        /// What people call it: `NAME VERSION`, or the digest of its index.
        package var label: String {
            guard let name, let version else { return "the bundle with index.json \(index.short)" }
            return "\(name) \(version)"
        }
    }

    /// The Kubernetes distribution that the bundle brings.
    package struct Kubernetes: Hashable, Sendable, Codable {
        package var distribution: String
        package var version: String
        /// The title of the binary's layer, by platform (`linux/amd64`).
        package var binaries: [String: String]
        /// The title of its configuration's layer.
        package var config: String?
        /// Normalised references of the distribution's own images.
        package var images: [String]

        package init(
            distribution: String, version: String, binaries: [String: String], config: String?, images: [String]
        ) {
            self.distribution = distribution
            self.version = version
            self.binaries = binaries
            self.config = config
            self.images = images
        }
    }

    /// One step of the installation.
    package struct Stage: Hashable, Sendable, Codable {
        package var name: String
        /// Titles of manifest layers, in the order in which they are applied.
        package var manifests: [String]
        /// Titles of check layers.
        package var checks: [String]
        /// How long to wait until everything of the stage is ready, in seconds.
        package var readyTimeout: Int

        package init(name: String, manifests: [String], checks: [String], readyTimeout: Int) {
            self.name = name
            self.manifests = manifests
            self.checks = checks
            self.readyTimeout = readyTimeout
        }
    }

    /// One image and every name that the runtime will be asked for.
    package struct Image: Hashable, Sendable, Codable {
        /// The reference, normalised.
        package var reference: String
        /// The names in `index.json`: `repo:tag` and `repo@digest`.
        package var names: [String]
        /// What the names point to: an index or a manifest.
        package var digest: Digest
        /// The digest that the registry has in its place; `nil` where it is the same.
        package var original: Digest?

        package init(reference: String, names: [String], digest: Digest, original: Digest? = nil) {
            self.reference = reference
            self.names = names
            self.digest = digest
            self.original = original
        }
    }

    /// An extra file that travels with the bundle.
    package struct File: Hashable, Sendable, Codable {
        /// The title of its layer.
        package var name: String
        /// Its permission bits in octal: `0644`.
        package var mode: String

        package init(name: String, mode: String) {
            self.name = name
            self.mode = mode
        }
    }

    package init(
        name: String, version: String, description: String?, platforms: [Platform], kubernetes: Kubernetes?,
        parameters: [Parameter], profiles: [String: [String: String]], stages: [Stage], images: [Image], files: [File],
        requirements: Requirements = Requirements(), profileRequirements: [String: Requirements] = [:],
        hasBill: Bool = false, replacements: [Replacement] = [], base: Base? = nil, builtWith: String
    ) {
        schemaVersion = Self.currentSchema
        self.name = name
        self.version = version
        self.description = description
        self.platforms = platforms
        self.kubernetes = kubernetes
        self.parameters = parameters
        self.profiles = profiles
        self.stages = stages
        self.images = images
        self.files = files
        self.builtWith = builtWith
        self.requirements = requirements
        self.profileRequirements = profileRequirements
        self.hasBill = hasBill
        self.replacements = replacements
        self.base = base
    }

    /// What the workloads ask of a host with the values of `profile`: a name, or several with commas between them.
    ///
    /// Of several that ask for something else, the last counts whole; they were counted one by one.
    package func requirements(withProfile profile: String?) -> Requirements {
        Parameter.profileNames(in: profile).reversed().lazy.compactMap { profileRequirements[$0] }.first
            ?? requirements
    }

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, name, version, description, platforms, kubernetes, parameters, profiles, stages, images
        case files, base, builtWith
        case countedRequirements = "requirements"
        case countedProfileRequirements = "profileRequirements"
        case bill = "sbom"
        case replaced = "replacements"
    }
}

extension BundleDescription: DocumentValue {
    package static let subject = "bundle description"

    package static func precheck(_ bytes: Data) throws(Malformed) {
        try check(schema(of: bytes))
    }

    /// The schema that a description says it is of, whatever else is in it.
    static func schema(of bytes: Data) throws(Malformed) -> Int {
        let schema: Schema = try decodeJSON(bytes, as: subject)
        return schema.schemaVersion
    }

    package func validate(as mediaType: MediaType) throws(Malformed) {
        try Self.check(schemaVersion)
        guard (1...Self.platformLimit).contains(platforms.count) else {
            throw Malformed(
                Self.subject, "\(platforms.count) platforms", breaks: "a bundle has 1 to \(Self.platformLimit) of them")
        }
        guard bill == nil || bill == BundleAppendix.billMember else {
            throw Malformed(Self.subject, bill ?? "", breaks: "a bill of materials is '\(BundleAppendix.billMember)'")
        }
        try requirements.validate()
        for (_, asked) in profileRequirements.sorted(by: { $0.key < $1.key }) { try asked.validate() }
    }

    private struct Schema: Decodable {
        var schemaVersion: Int
    }

    private static func check(_ schema: Int) throws(Malformed) {
        guard schema == currentSchema else {
            throw Malformed(
                subject, String(schema),
                breaks: "this Sealift reads schema \(currentSchema); use the installer that came with the bundle")
        }
    }
}
