internal import BundleFormat
internal import OCI

extension BundleDefinition.Source {
    /// The keys of a place and its checksum.
    static let keys = ["url", "path", "sha256", "sha256sums"]
}

extension DefinitionDecoder {
    private static let defaultReadyTimeout = 300

    func stages(
        _ cursor: StrictYAML, _ context: ChartContext
    ) throws(DefinitionError) -> [BundleDefinition.Stage] {
        var stages: [BundleDefinition.Stage] = []
        for element in try cursor.sequence() {
            let stage = try self.stage(element, context)
            if let first = stages.first(where: { $0.name == stage.name }) {
                throw DefinitionError(
                    element.location, .repeated(field: "stage", value: stage.name, firstLine: first.line))
            }
            for manifest in stage.manifests {
                let earlier = stages.lazy.flatMap(\.manifests).first { $0.path == manifest.path }
                guard let earlier else { continue }
                // Applied twice, the later stage would undo what the earlier one waited for.
                throw DefinitionError(
                    SourceLocation(file: cursor.file, line: manifest.line),
                    .repeated(field: "manifest", value: manifest.path, firstLine: earlier.line))
            }
            stages.append(stage)
        }
        guard !stages.isEmpty else { throw cursor.invalid("[]", "a bundle has at least one stage") }
        return stages
    }

    private func stage(
        _ cursor: StrictYAML, _ context: ChartContext
    ) throws(DefinitionError) -> BundleDefinition.Stage {
        let mapping = try cursor.mapping("name", "manifests", "kustomize", "charts", "ready", "checks")
        let name = try mapping.required("name")
        guard isLabel(try name.string()) else {
            throw name.invalid(try name.string(), "a stage's name is lowercase letters, digits and '-'")
        }
        var timeout = Self.defaultReadyTimeout
        if let ready = mapping["ready"] {
            timeout = try seconds(ready.mapping("timeout").required("timeout"))
        }
        // A stage applies something; what, is for its author to choose.
        let isRendered = mapping["charts"] != nil || mapping["kustomize"] != nil
        return .init(
            name: try name.string(),
            manifests: try matches(
                isRendered ? mapping.list("manifests") : mapping.required("manifests").sequence()),
            kustomizations: try kustomizations(mapping.list("kustomize")),
            charts: try charts(mapping.list("charts"), context),
            checks: try matches(mapping.list("checks")), readyTimeout: timeout, line: name.line)
    }

    private func matches(_ patterns: [StrictYAML]) throws(DefinitionError) -> [BundleFile] {
        var files: [BundleFile] = []
        var seen: Set<String> = []
        for pattern in patterns {
            // A file named before a pattern that matches it too keeps its place: that is how an order is given.
            files += try folder.files(matching: pattern).filter { seen.insert($0.path).inserted }
        }
        return files
    }

    /// `90s`, `5m`, `1h30m`: hours, minutes and seconds, at most a day.
    private func seconds(_ cursor: StrictYAML) throws(DefinitionError) -> Int {
        let written = try cursor.string()
        let refused = cursor.invalid(written, "a time is written 90s, 5m or 1h30m, at most 24h")
        var rest = Substring(written)
        var total = 0
        for (unit, factor) in [("h", 3600), ("m", 60), ("s", 1)] {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard rest.dropFirst(digits.count).hasPrefix(unit) else { continue }
            guard digits.count <= 6, let count = Int(digits) else { throw refused }
            total += count * factor
            rest = rest.dropFirst(digits.count + 1)
        }
        guard rest.isEmpty, (1...86400).contains(total) else { throw refused }
        return total
    }

    func files(_ cursors: [StrictYAML]) throws(DefinitionError) -> [BundleDefinition.ExtraFile] {
        var files: [BundleDefinition.ExtraFile] = []
        for cursor in cursors {
            let mapping = try cursor.mapping(["name", "mode"] + BundleDefinition.Source.keys)
            let name = try mapping.required("name")
            let written = try name.string()
            guard isFileNamePart(written, maximum: 128) else {
                throw name.invalid(
                    written, "a file's name is 1 to 128 letters, digits, '.', '_', '+' and '-', no folder")
            }
            if let first = files.first(where: { $0.name == written }) {
                throw DefinitionError(
                    name.location, .repeated(field: "file", value: first.name, firstLine: first.line))
            }
            files.append(
                .init(
                    name: written, source: try source(cursor, mapping: mapping), mode: try mode(mapping["mode"]),
                    line: name.line))
        }
        return files
    }

    private func mode(_ cursor: StrictYAML?) throws(DefinitionError) -> String {
        guard let cursor else { return "0644" }
        let written = try cursor.string()
        let digits = written.count == 3 ? "0" + written : written
        guard digits.count == 4, digits.first == "0", digits.allSatisfy({ ("0"..."7").contains($0) }) else {
            throw cursor.invalid(written, "a mode is three or four octal digits up to 0777, as in \"0644\"")
        }
        return digits
    }

    /// A place and its checksum, among the other keys of `mapping`.
    func source(
        _ cursor: StrictYAML, mapping: StrictMapping
    ) throws(DefinitionError) -> BundleDefinition.Source {
        let place: BundleDefinition.Source.Place
        switch (mapping["url"], mapping["path"]) {
        case (let url?, nil): place = .url(try self.url(url))
        case (nil, let path?): place = .file(try folder.file(path))
        case (nil, nil):
            throw DefinitionError(
                cursor.location, .missingKey("url", in: cursor.field, known: BundleDefinition.Source.keys))
        case (_?, let path?): throw path.invalid(try path.string(), "a file has either a url or a path")
        }

        var checksum: BundleDefinition.Source.Checksum?
        switch (mapping["sha256"], mapping["sha256sums"]) {
        case (let value?, nil): checksum = .digest(try sha256(value))
        case (nil, let list?): checksum = .list(try url(list))
        case (nil, nil): checksum = nil
        case (_?, let list?): throw list.invalid(try list.string(), "a file has either sha256 or sha256sums")
        }
        return .init(place: place, checksum: checksum, line: cursor.line)
    }

    private func sha256(_ cursor: StrictYAML) throws(DefinitionError) -> Digest {
        let hex = try cursor.string()
        do { return try Digest(algorithm: .sha256, hex: hex) } catch {
            throw DefinitionError(cursor.location, .malformed(field: cursor.field, error))
        }
    }

    func url(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let written = try cursor.string()
        let rest = ["https://", "http://"].first { written.hasPrefix($0) }.map { written.dropFirst($0.count) }
        let host = rest?.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let host, !host.isEmpty, written.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw cursor.invalid(written, "a url starts with https:// or http:// and has no spaces")
        }
        // It would travel in the lock and in the bundle.
        guard !host.contains("@") else { throw cursor.invalid("…", "a url carries no user name and no password") }
        return written
    }
}
