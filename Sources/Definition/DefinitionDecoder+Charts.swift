internal import BundleFormat
internal import SystemPackage

extension DefinitionDecoder {
    private static let chartKeys = [
        "release", "namespace", "path", "repository", "chart", "version", "values", "valuesFiles", "crds",
        "kubeVersion", "apiVersions",
    ]

    func charts(_ cursors: [StrictYAML], _ context: ChartContext) throws(DefinitionError) -> [BundleDefinition.Chart] {
        var charts: [BundleDefinition.Chart] = []
        for cursor in cursors {
            let chart = try self.chart(cursor, context)
            if let first = charts.first(where: { $0.release == chart.release }) {
                throw DefinitionError(
                    cursor.location, .repeated(field: "release", value: chart.release, firstLine: first.line))
            }
            charts.append(chart)
        }
        return charts
    }

    private func chart(_ cursor: StrictYAML, _ context: ChartContext) throws(DefinitionError) -> BundleDefinition.Chart
    {
        let mapping = try cursor.mapping(Self.chartKeys)
        let release = try mapping.required("release")
        // Helm's own limit: names of objects are made of it.
        guard isLabel(try release.string()), try release.string().utf8.count <= 53 else {
            throw release.invalid(
                try release.string(), "a release's name is 1 to 53 lowercase letters, digits and '-'")
        }
        var apiVersions: [String] = []
        for version in try mapping.list("apiVersions") { apiVersions.append(try argument(version)) }
        return .init(
            release: try release.string(), namespace: try mapping["namespace"].map(label) ?? "default",
            source: try chartSource(cursor, mapping), values: try values(mapping, context.parameters),
            definitions: try mapping["crds"].map(choice) ?? .include,
            kubernetesVersion: try kubernetesVersion(cursor, mapping["kubeVersion"], context), apiVersions: apiVersions,
            line: cursor.line)
    }

    private func chartSource(
        _ cursor: StrictYAML, _ mapping: StrictMapping
    ) throws(DefinitionError) -> BundleDefinition.Chart.Source {
        if let path = mapping["path"] {
            for key in ["repository", "chart", "version"] {
                guard let value = mapping[key] else { continue }
                throw value.invalid(try value.string(), "a chart has either a path or a repository, chart and version")
            }
            let place = try folder.place(path)
            guard !place.isFolder || folder.hasFile("\(place.path)/Chart.yaml") else {
                throw path.invalid(place.path, "there is no Chart.yaml in it")
            }
            return .local(place)
        }
        guard let repository = mapping["repository"] else {
            throw DefinitionError(
                cursor.location, .missingKey("path", in: cursor.field, known: ["path", "repository"]))
        }
        let isOCI = try repository.string().hasPrefix("oci://")
        let chart = try mapping.required("chart")
        guard isFileNamePart(try chart.string(), maximum: 128) else {
            throw chart.invalid(try chart.string(), "a chart's name is letters, digits, '.', '_', '+' and '-'")
        }
        let version = try mapping.required("version")
        guard isExactVersion(try version.string()) else {
            throw version.invalid(
                try version.string(), "one exact version is wanted, as in 1.2.3: a range would be another chart one day"
            )
        }
        return .repository(
            url: try isOCI ? ociURL(repository) : url(repository), chart: try chart.string(),
            version: try version.string())
    }

    private func ociURL(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let written = try cursor.string()
        let rest = written.dropFirst("oci://".count)
        guard !rest.isEmpty, !rest.hasPrefix("/"), written.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw cursor.invalid(written, "an oci repository is written oci://HOST/PATH")
        }
        guard !rest.contains("@") else {
            throw cursor.invalid("…", "a repository carries no user name, no password and no digest")
        }
        return rest.hasSuffix("/") ? String(written.dropLast()) : written
    }

    private func kubernetesVersion(
        _ cursor: StrictYAML, _ own: StrictYAML?, _ context: ChartContext
    ) throws(DefinitionError) -> String {
        guard let written = try own?.string() ?? context.kubernetesVersion else {
            // Helm would take the version that it was built with, and another helm another one.
            throw DefinitionError(
                cursor.location, .missingKey("kubeVersion", in: cursor.field, known: ["kubeVersion"]))
        }
        let version = String(written.drop { $0 == "v" }.prefix { $0 != "+" })
        guard isExactVersion(version) else {
            throw (own ?? cursor).invalid(written, "a version of Kubernetes is wanted, as in 1.36.3")
        }
        return version
    }

    /// The values files, each over those before it, and over them what stands under `values`.
    private func values(
        _ mapping: StrictMapping, _ parameters: [Parameter]
    ) throws(DefinitionError) -> YAMLNode? {
        var result: YAMLNode?
        for pattern in try mapping.list("valuesFiles") {
            for file in try folder.files(matching: pattern) {
                let text = try file.text()
                // A values file may say nothing, as the one that charts come with often does.
                guard try !YAMLNode.documents(in: text, file: file.location.string).isEmpty else { continue }
                result = try merged(
                    StrictYAML(document: text, file: file.location.string), over: result, parameters)
            }
        }
        if let own = mapping["values"] { result = try merged(own, over: result, parameters) }
        return result
    }

    private func merged(
        _ cursor: StrictYAML, over base: YAMLNode?, _ parameters: [Parameter]
    ) throws(DefinitionError) -> YAMLNode {
        _ = try cursor.anyMapping()
        try requireKnownParameters(in: cursor.node, file: cursor.file, parameters.map(\.name).sorted())
        return base.map { cursor.node.merged(over: $0) } ?? cursor.node
    }

    /// Placeholders go through the chart as they are; a wrong one would be looked for in vain in what comes out.
    private func requireKnownParameters(
        in node: YAMLNode, file: String, _ known: [String]
    ) throws(DefinitionError) {
        switch node.content {
        case .scalar(let text, _):
            let location = SourceLocation(file: file, line: node.line)
            do {
                for name in try ParameterExpansion.names(in: text).sorted() where !known.contains(name) {
                    throw ParameterError.unknown(name: name, line: nil, known: known)
                }
            } catch let error as ParameterError {
                throw DefinitionError(location, .parameter(error))
            } catch { throw DefinitionError(location, .syntax("\(error)")) }
        case .sequence(let elements):
            for element in elements { try requireKnownParameters(in: element, file: file, known) }
        case .mapping(let entries):
            for entry in entries { try requireKnownParameters(in: entry.value, file: file, known) }
        }
    }

    func kustomizations(_ cursors: [StrictYAML]) throws(DefinitionError) -> [BundleDefinition.Kustomization] {
        var result: [BundleDefinition.Kustomization] = []
        for cursor in cursors {
            let place = try folder.place(cursor)
            guard place.isFolder,
                BundleDefinition.Kustomization.fileNames.contains(where: { name in
                    folder.hasFile(place.path == "." ? name : "\(place.path)/\(name)")
                })
            else {
                throw cursor.invalid(place.path, "it is no folder with a kustomization.yaml in it")
            }
            if let first = result.first(where: { $0.folder.path == place.path }) {
                throw DefinitionError(
                    cursor.location, .repeated(field: "kustomization", value: place.path, firstLine: first.folder.line))
            }
            result.append(.init(folder: place))
        }
        return result
    }

    private func label(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let written = try cursor.string()
        guard isLabel(written) else {
            throw cursor.invalid(written, "a namespace is 1 to 63 lowercase letters, digits and '-'")
        }
        return written
    }

    /// A word that no program takes for an option.
    private func argument(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let written = try cursor.nonEmptyString()
        guard !written.hasPrefix("-"), written.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") })
        else { throw cursor.invalid(written, "an API version is written apps/v1 or apps/v1/Deployment") }
        return written
    }
}

/// What charts need of the rest of the definition.
struct ChartContext {
    let parameters: [Parameter]
    /// That of the Kubernetes which the bundle brings.
    let kubernetesVersion: String?
}

extension BundleDefinition.Kustomization {
    /// What kustomize takes for its file, as its own list has it.
    package static let fileNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"]
}

/// A version of semver.org, perhaps with a `v`; no range and no part of one.
private func isExactVersion(_ text: String) -> Bool {
    let core = text.drop { $0 == "v" }.prefix { $0 != "-" && $0 != "+" }.split(
        separator: ".", omittingEmptySubsequences: false)
    func isNumber(_ part: Substring) -> Bool {
        (1...9).contains(part.utf8.count)
            && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    return core.count == 3 && core.allSatisfy(isNumber) && !text.hasPrefix("vv") && isFileNamePart(text)
}
