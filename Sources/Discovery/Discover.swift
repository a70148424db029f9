package import BundleFormat
package import Definition
internal import OCI
internal import SystemPackage

extension BundleDefinition {
    /// The values of the parameters: defaults, over them a profile's, over them `overrides`.
    package func values(
        profile: String? = nil, overrides: [String: String] = [:]
    ) throws(ParameterError) -> [String: String] {
        try Parameter.resolve(parameters, profiles: profiles, profile: profile, overrides: overrides)
    }
}

/// The images of a bundle, and what in its manifests won't work on an isolated host.
///
/// Reads the manifests, checks and configuration of `definition`. The `values` of parameters are those of
/// ``BundleDefinition/values(profile:overrides:)``; one without a value gets a stand-in. Throws where a file can't be read
/// or isn't YAML, where a placeholder or an image's name is malformed, and where an image depends on a parameter that has
/// no value yet.
package func discover(
    in definition: BundleDefinition, values: [String: String]
) throws(DefinitionError) -> ImageDiscovery {
    try Discoverer(definition, values: values).run()
}

private struct Discoverer {
    private let definition: BundleDefinition
    private let values: ProbedValues
    private var groups: [ImageReference: [(hit: ImageHit, file: String, template: String?)]] = [:]
    private var warnings: [ImageDiscovery.Warning] = []
    private var frozen: Set<String> = []

    init(_ definition: BundleDefinition, values: [String: String]) throws(DefinitionError) {
        self.definition = definition
        warnings = definition.remarks.map { .init(location: $0.location, message: $0.message) }
        self.values = ProbedValues(parameters: definition.parameters, values: values)
    }

    consuming func run() throws(DefinitionError) -> ImageDiscovery {
        let expansion = try values.expansion(for: definition)
        if let config = definition.kubernetes?.config {
            _ = try expansion.expand(try config.text(), of: SourceLocation(file: config.location.string))
        }

        var scans: [(scan: ManifestScan, text: String)] = []
        for file in definition.manifestsAndChecks {
            let text = try file.text()
            let scan = try ManifestScan(file, text: text, expansion: expansion)
            for hit in scan.hits {
                groups[hit.reference, default: []].append((hit, file.path, file.template(at: hit.line)))
            }
            scans.append((scan, text))
        }
        dismiss()
        let kubernetes = try addNamed(definition.kubernetes?.images ?? [], expansion)
        _ = try addNamed(definition.images, expansion)

        for (scan, text) in scans {
            let kept = scan.hits.filter { groups[$0.reference] != nil }
            for (name, hit) in try values.frozen(by: kept, in: scan.file, text: text, definition: definition) {
                frozen.insert(name)
                try requireValue(
                    of: name, line: hit.line, file: scan.file.location.string, field: hit.field.description)
            }
        }

        // By their texts, each made once.
        let all = groups.map { (text: $0.description, image: Self.image($1)) }.sorted { $0.text < $1.text }.map(\.image)
        let images = all.filter { $0.grade > .guess }
        let known = KnownHostPaths(
            dataDirectories: values.dataDirectories, files: definition.files.map(\.name))
        var findings = scans.flatMap { lintFindings(in: $0.scan, known: known) }
        findings += sharedClaimFindings(in: scans.map(\.scan)) + latestTagFindings(of: images)
        for index in findings.indices {
            findings[index].template = scans.first { $0.scan.file.path == findings[index].file }?.scan.file.template(
                at: findings[index].line)
        }
        let applied = Set(definition.stages.flatMap(\.manifests).map(\.path))
        let requirements = try RequirementsCount.requirements(
            of: scans.map(\.scan).filter { applied.contains($0.file.path) })
        return ImageDiscovery(
            images: images, unconfirmed: all.filter { $0.grade == .guess },
            kubernetesImages: Set(kubernetes).sorted(), findings: waive(findings.sorted()), warnings: warnings,
            frozenParameters: frozen, requirements: requirements)
    }

    /// Drops what the definition dismisses; an image that Kubernetes will run can't be.
    private mutating func dismiss() {
        for waiver in definition.waivers {
            guard case .reference(let text) = waiver.subject else { continue }
            // A text that is no reference can still be what a guess was written as.
            let reference = try? ImageReference(parsing: text)
            let matches = groups.filter { $0.key == reference || $0.value.contains { $0.hit.written == text } }
            if matches.isEmpty {
                let near = nearestName(to: text, among: Set(groups.values.flatMap { $0.map(\.hit.written) }))
                warn(
                    waiver.line,
                    "nothing in the manifests looks like '\(text)'; "
                        + (near.map { "did you mean '\($0)'?" } ?? "drop it from ignore"))
            }
            for (reference, hits) in matches {
                if let certain = hits.first(where: { $0.hit.grade == .certain }) {
                    warn(
                        waiver.line,
                        "'\(text)' can't be ignored: \(certain.file):\(certain.hit.line) runs it (\(certain.hit.object))"
                    )
                } else {
                    groups[reference] = nil
                }
            }
        }
    }

    /// Adds images that the definition names itself, and thereby confirms guesses of the same reference.
    private mutating func addNamed(
        _ images: [BundleDefinition.NamedImage], _ expansion: ParameterExpansion
    ) throws(DefinitionError) -> [ImageReference] {
        var references: [ImageReference] = []
        for image in images {
            let location = definition.location(line: image.line)
            let written = try expansion.expand(image.reference, of: location)
            for name in try names(in: image.reference, location) {
                frozen.insert(name)
                try requireValue(of: name, line: image.line, file: location.file, field: image.field)
            }
            let reference: ImageReference
            do { reference = try ImageReference(parsing: written) } catch {
                throw DefinitionError(location, .malformed(field: image.field, error))
            }
            let hit = ImageHit(
                reference: reference, written: written, grade: .certain, line: image.line,
                object: "Bundle/\(definition.name)", field: FieldPath(parsed: image.field))
            groups[reference, default: []].append((hit, BundleDefinition.fileName, nil))
            references.append(reference)
        }
        return references
    }

    private func names(in text: String, _ location: SourceLocation) throws(DefinitionError) -> Set<String> {
        do { return try ParameterExpansion.names(in: text) } catch {
            throw DefinitionError(location, .parameter(error))
        }
    }

    private func requireValue(of name: String, line: Int, file: String, field: String) throws(DefinitionError) {
        guard !values.isSet(name) else { return }
        throw DefinitionError(
            SourceLocation(file: file, line: line), .imageDependsOnUnset(parameter: name, field: field))
    }

    private mutating func waive(_ findings: [LintFinding]) -> [LintFinding] {
        var findings = findings
        for waiver in definition.waivers {
            guard case .lint(let rule, let place) = waiver.subject else { continue }
            let matches = findings.indices.filter {
                findings[$0].rule == rule && (findings[$0].file == place || findings[$0].object == place)
            }
            for index in matches { findings[index].waiver = waiver.reason }
            if matches.isEmpty {
                let places = findings.filter { $0.rule == rule }.flatMap { [$0.file, $0.object] }
                warn(
                    waiver.line,
                    "no finding of \(rule.rawValue) in '\(place)'; "
                        + (nearestName(to: place, among: Set(places)).map { "did you mean '\($0)'?" }
                            ?? "drop it from ignore"))
            }
        }
        return findings
    }

    private mutating func warn(_ line: Int, _ message: String) {
        warnings.append(.init(location: definition.location(line: line), message: message))
    }

    private static func image(_ hits: [(hit: ImageHit, file: String, template: String?)]) -> DiscoveredImage {
        let origins = hits.map {
            DiscoveredImage.Origin(
                file: $0.file, line: $0.hit.line, object: $0.hit.object, field: $0.hit.field.description,
                template: $0.template)
        }
        return DiscoveredImage(
            reference: hits[0].hit.reference, written: hits.map(\.hit.written).min() ?? "",
            grade: hits.map(\.hit.grade).max() ?? .guess, origins: Set(origins).sorted())
    }
}
