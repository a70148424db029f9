internal import BundleFormat
internal import OCI

/// Turns the sections of a bundle.yaml into values.
struct DefinitionDecoder {
    let folder: BundleFolder

    func bundleName(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let name = try cursor.string()
        guard isLabel(name) else {
            throw cursor.invalid(name, "a name is 1 to 63 lowercase letters, digits and '-', none of them at an end")
        }
        return name
    }

    /// Becomes a part of the archive's file name.
    func version(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let version = try cursor.string()
        guard isFileNamePart(version) else {
            throw cursor.invalid(
                version, "a version is 1 to 64 letters, digits, '.', '_', '+' and '-', the first a letter or digit")
        }
        return version
    }

    func platforms(_ cursor: StrictYAML) throws(DefinitionError) -> [Platform] {
        var platforms: [(platform: Platform, line: Int)] = []
        for element in try cursor.sequence() {
            let platform = try self.platform(element.string(), at: element)
            if let first = platforms.first(where: { $0.platform == platform }) {
                throw DefinitionError(
                    element.location,
                    .repeated(field: "platform", value: platform.description, firstLine: first.line))
            }
            platforms.append((platform, element.line))
        }
        guard !platforms.isEmpty else { throw cursor.invalid("[]", "a bundle is for at least one platform") }
        return platforms.map(\.platform)
    }

    func kubernetes(
        _ cursor: StrictYAML, platforms: [Platform]
    ) throws(DefinitionError) -> BundleDefinition.Kubernetes {
        let section = try cursor.mapping("distribution", "version", "binary", "config", "images")
        let distribution = try section.required("distribution")
        guard try distribution.string() == "k0s" else {
            throw distribution.invalid(try distribution.string(), "the only distribution that Sealift knows is k0s")
        }
        let binary = try section.required("binary")
        var binaries: [Platform: BundleDefinition.Source] = [:]
        for entry in try binary.anyMapping() {
            let platform = try self.platform(entry.key, at: entry.value)
            guard platforms.contains(platform) else {
                throw entry.value.invalid(entry.key, "the bundle's platforms are \(list(platforms))")
            }
            binaries[platform] = try source(entry.value, mapping: entry.value.mapping(BundleDefinition.Source.keys))
        }
        if let missing = platforms.first(where: { binaries[$0] == nil }) {
            throw DefinitionError(
                binary.location,
                .missingKey(missing.description, in: binary.field, known: platforms.map(\.description)))
        }
        var images: [BundleDefinition.NamedImage] = []
        for element in try section.list("images") {
            images.append(
                .init(reference: try reference(element), reason: nil, line: element.line, field: element.path))
        }
        return .init(
            distribution: "k0s", version: try version(section.required("version")), binaries: binaries,
            config: try section["config"].map { cursor throws(DefinitionError) in try folder.file(cursor) },
            images: images, line: cursor.line)
    }

    func images(_ cursors: [StrictYAML]) throws(DefinitionError) -> [BundleDefinition.NamedImage] {
        var images: [BundleDefinition.NamedImage] = []
        for cursor in cursors {
            let mapping = try cursor.mapping("reference", "reason")
            let reference = try mapping.required("reference")
            images.append(
                .init(
                    reference: try self.reference(reference), reason: try mapping.required("reason").nonEmptyString(),
                    line: reference.line, field: reference.path))
        }
        return images
    }

    func waivers(_ cursors: [StrictYAML]) throws(DefinitionError) -> [BundleDefinition.Waiver] {
        var waivers: [BundleDefinition.Waiver] = []
        for cursor in cursors {
            let isLint = try cursor.anyMapping().contains { $0.key == "lint" || $0.key == "where" }
            let subject: BundleDefinition.Waiver.Subject
            let mapping: StrictMapping
            if isLint {
                mapping = try cursor.mapping("lint", "where", "reason")
                subject = .lint(
                    try choice(mapping.required("lint")), place: try mapping.required("where").nonEmptyString())
            } else {
                mapping = try cursor.mapping("reference", "reason")
                subject = .reference(try mapping.required("reference").nonEmptyString())
            }
            waivers.append(
                .init(
                    subject: subject, reason: try mapping.required("reason").nonEmptyString(), line: cursor.line))
        }
        return waivers
    }

    /// One of an enum's values.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ cursor: StrictYAML
    ) throws(DefinitionError) -> Choice {
        let written = try cursor.string()
        guard let choice = Choice(rawValue: written) else {
            let known = Choice.allCases.map(\.rawValue)
            throw cursor.invalid(
                written, "the choices are \(known.joined(separator: ", "))",
                suggestion: nearestName(to: written, among: known).map { "did you mean '\($0)'?" })
        }
        return choice
    }

    /// A reference that is well-formed once its placeholders have values; without any it is checked here.
    private func reference(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let written = try cursor.nonEmptyString()
        if !written.contains("${{") {
            do { _ = try ImageReference(parsing: written) } catch {
                throw DefinitionError(cursor.location, .malformed(field: cursor.field, error))
            }
        }
        return written
    }

    private func platform(_ text: String, at cursor: StrictYAML) throws(DefinitionError) -> Platform {
        do { return try Platform(parsing: text) } catch {
            throw DefinitionError(cursor.location, .malformed(field: cursor.field, error))
        }
    }

    private func list(_ platforms: [Platform]) -> String { platforms.map(\.description).joined(separator: ", ") }
}

/// A DNS label, as RFC 1123 has it, in lower case.
func isLabel(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
        && text.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "-")
        }
}

/// Whether `text` is safe as a part of a file name, on any file system.
func isFileNamePart(_ text: String, maximum: Int = 64) -> Bool {
    func isAlphanumeric(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
    }
    return (1...maximum).contains(text.utf8.count) && text.first.map(isAlphanumeric) == true
        && text.allSatisfy { isAlphanumeric($0) || "._+-".contains($0) }
}
