internal import BundleFormat
package import Charts
package import Definition
package import Discovery
package import OCI
package import SystemPackage

/// A definition with its parameters set, and everything that was found in it: what locking and building start from.
package struct BundleInputs: Sendable {
    package let definition: BundleDefinition
    /// Parameter values: defaults, profile and `--set` together.
    package let values: [String: String]
    package let discovery: ImageDiscovery
    package let platforms: [Platform]
    /// The charts that manifests were made of, as the lock is to have them.
    package let charts: [ImagesLock.File]

    /// Reads the bundle at `path` and finds its images.
    ///
    /// - Parameters:
    ///   - path: the bundle's folder or its bundle.yaml.
    ///   - profile: the profile whose values are taken.
    ///   - overrides: values that go over the profile's.
    ///   - platforms: empty for those of the definition.
    ///   - rendering: makes manifests of the definition's charts; asked for where there are any.
    /// - Throws: `DefinitionError`, `ParameterError` or `Malformed` where the input is wrong; `ChartError`.
    package init(
        readingBundleAt path: FilePath, profile: String? = nil, overrides: [String: String] = [:],
        platforms: [Platform] = [], rendering: (BundleDefinition) throws -> ChartRendering
    ) async throws {
        let written = try BundleDefinition(at: path)
        if written.needsRendering {
            let rendered = try await rendering(written).render(written)
            (definition, charts) = (rendered.definition, rendered.charts)
        } else {
            (definition, charts) = (written, [])
        }
        values = try definition.values(profile: profile, overrides: overrides)
        discovery = try discover(in: definition, values: values)
        self.platforms = Set(platforms.isEmpty ? definition.platforms : platforms).sorted()
    }

    /// What the workloads ask of a host with each profile's values, where that is not what they ask without; reads all
    /// manifests once more for each profile.
    func profileRequirements() throws -> [String: Requirements] {
        var counted: [String: Requirements] = [:]
        for (name, profile) in definition.profiles.sorted(by: { $0.key < $1.key }) {
            let chosen = values.merging(profile) { _, chosen in chosen }
            guard chosen != values else { continue }
            let asked = try discover(in: definition, values: chosen).requirements
            if asked != discovery.requirements { counted[name] = asked }
        }
        return counted
    }

    /// Throws ``BuildError`` where something was found that must be decided or changed before a bundle makes sense.
    package func requireSound() throws(BuildError) {
        guard discovery.unconfirmed.isEmpty else {
            throw .unconfirmed(discovery.unconfirmed, definition: definition.file)
        }
        guard discovery.errors.isEmpty else { throw .lint(discovery.errors, folder: definition.folder) }
    }

    /// Who asks for an image, as the lock has it.
    func origins(of image: DiscoveredImage) -> [ImagesLock.Origin] {
        image.origins.map { ImagesLock.Origin(bundle: definition.name, $0) }
    }

    /// The first place that asks for `reference`, for a message.
    func place(of reference: ImageReference) -> String {
        discovery.images.first { $0.reference == reference }?.firstPlace ?? "the definition"
    }
}

/// The binaries and extra files that a definition names, in one form.
struct RequiredFile: Sendable {
    var name: String
    /// `nil`: the same on all platforms.
    var platform: Platform?
    var source: BundleDefinition.Source
    var isKubernetesBinary: Bool
    var mode: String

    /// Where it comes from, as the lock has it.
    var lockSource: ImagesLock.File.Source {
        switch source.place {
        case .url(let url): .url(url)
        case .file(let file): .path(file.path)
        }
    }
}

extension BundleInputs {
    /// All files that the bundle needs for its platforms.
    func requiredFiles() -> [RequiredFile] {
        let binaries = (definition.kubernetes?.binaries ?? [:]).filter { platforms.contains($0.key) }
            .sorted { $0.key < $1.key }.map { platform, source in
                RequiredFile(
                    name: definition.kubernetes?.distribution ?? "", platform: platform, source: source,
                    isKubernetesBinary: true, mode: "0755")
            }
        let files = definition.files.map {
            RequiredFile(name: $0.name, platform: nil, source: $0.source, isKubernetesBinary: false, mode: $0.mode)
        }
        return binaries + files
    }
}
