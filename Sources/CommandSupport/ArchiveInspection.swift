internal import ArgumentParser
package import BundleFormat
internal import OCI

/// What `inspect` says about itself and takes in both executables, which differ in the keys that they trust.
package struct ArchiveInspection: ParsableArguments {
    package static let abstract = "Show what is inside a bundle."
    package static let discussion =
        "Reads only the front of the archive, whatever its size; `verify` proves the rest."

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @Flag(help: "List every layer of every image.")
    var layers = false

    @Flag(help: "List the parameters that an installation takes, and the profiles.")
    var parameters = false

    @Flag(help: "Print the bill of materials, CycloneDX 1.6 in JSON, and nothing else.")
    var sbom = false

    package init() {}

    /// Whether nothing was asked for but what everybody sees.
    package var isPlain: Bool { format == .text && !layers && !parameters && !sbom }

    package func validate() throws {
        if sbom, layers || parameters {
            throw ValidationError("--sbom prints a document of its own: leave out the rest")
        }
    }

    /// Prints what is in the bundle.
    package func run(on bundle: BundleReader) throws {
        if sbom { return try printBill(of: bundle) }
        let summary = BundleSummary(of: bundle)
        switch format {
        case .json: Terminal.standardOutput.write(try Format.json(summary))
        case .text: Terminal.standardOutput.write(summary.text(layers: layers, parameters: parameters))
        }
    }
}

extension ArchiveInspection {
    private func printBill(of bundle: BundleReader) throws {
        guard let appendix = try bundle.appendix() else {
            throw Failure(
                "\(bundle.path) has no bill of materials", hint: "'sealift build' makes one, unless told --no-sbom",
                code: .data)
        }
        bundle.announceSignature()
        try Terminal.standardOutput.write(document: appendix.bill)
    }
}

extension BundleSummary {
    /// The summary as `inspect` prints it.
    func text(layers: Bool, parameters showsParameters: Bool) -> String {
        var facts = [["bundle", "\(name) \(version)"]]
        if let description { facts += description.split(separator: "\n").map { ["", String($0)] } }
        facts += [
            ["platforms", platforms.joined(separator: ", ")],
            ["kubernetes", kubernetes ?? "none: for a cluster that is there"],
            ["stages", stages.joined(separator: " -> ")],
            ["parameters", parameters.isEmpty ? "none" : "\(parameters.count); --parameters lists them"],
            ["profiles", profiles.isEmpty ? "none" : profiles.map(\.name).joined(separator: ", ")],
            ["archive", "\(Format.bytes(archiveBytes)), \(Format.bytes(contentBytes)) unpacked"],
            ["images", "\(images.count), sharing saves \(Format.bytes(sharedBytes))"],
            ["layers", layersFact],
        ]
        if let base {
            facts.append(
                ["delta", "on top of \(base.label), which brought \(base.leftOut.count) blobs of it"])
            facts.append(["", "(\(Format.bytes(leftOutBytes)), index.json \(base.index.short))"])
        }
        facts += [
            ["index", index.description],
            ["signature", signature.description],
            ["sbom", hasBill ? "CycloneDX 1.6; --sbom prints it" : "none"],
            ["built with", "sealift \(builtWith)"],
        ]
        var text = Format.table(facts)
        text += "\n" + imageTable
        if layers { text += "\n" + layerTable }
        text += "\n" + fileTable
        if showsParameters { text += "\n" + parameterTable + "\n" + profileTable }
        return text
    }

    private var layersFact: String {
        images.contains { $0.original != nil }
            ? "encoded anew as zstd; --layers lists what they were made of" : "as in the registries"
    }

    private static func shown(_ digest: Digest, _ original: Digest?) -> String {
        digest.short + (original.map { " (was \($0.short))" } ?? "")
    }

    private var imageTable: String {
        let rows = images.map { image in
            let all = image.platforms.flatMap(\.layers)
            let shared = all.filter { $0.sharedBy > 1 }.count
            return [
                image.reference, Self.shown(image.digest, image.original),
                image.platforms.map(\.platform).joined(separator: ","), Format.bytes(image.bytes), "\(all.count)",
                "\(shared)",
            ]
        }
        return Format.table(
            [["IMAGE", "DIGEST", "PLATFORMS", "SIZE", "LAYERS", "SHARED"]] + rows, rightAligned: [3, 4, 5])
    }

    private var layerTable: String {
        var seen: [Digest: (layer: Layer, users: [String])] = [:]
        for image in images {
            for layer in Set(image.platforms.flatMap(\.layers)) {
                seen[layer.digest, default: (layer, [])].users.append(image.reference)
            }
        }
        let rows = seen.values.sorted { ($1.layer.bytes, $0.layer.digest) < ($0.layer.bytes, $1.layer.digest) }.map {
            [
                Self.shown($0.layer.digest, $0.layer.original), Format.bytes($0.layer.bytes),
                $0.layer.isLeftOut ? "in the base" : "",
                $0.users.sorted().joined(separator: ", "),
            ]
        }
        let table = Format.table([["LAYER", "SIZE", "WHERE", "USED BY"]] + rows, rightAligned: [1])
        return table + replacementTable
    }

    /// In full, since the other tables only have room for the start of a digest.
    private var replacementTable: String {
        var pairs: Set<[String]> = []
        func add(_ new: Digest, _ old: Digest?) {
            if let old { pairs.insert([new.description, "(was \(old))"]) }
        }
        for image in images {
            add(image.digest, image.original)
            for platform in image.platforms {
                add(platform.manifest, platform.originalManifest)
                for layer in platform.layers { add(layer.digest, layer.original) }
            }
        }
        guard !pairs.isEmpty else { return "" }
        return "\n" + Format.table([["IN THE BUNDLE", "IN THE REGISTRY"]] + pairs.sorted { $0[0] < $1[0] })
    }

    private var parameterTable: String {
        let rows = parameters.map { parameter in
            let value =
                parameter.value.map { $0.isEmpty ? "\"\"" : $0 }
                ?? (parameter.generate == nil ? "(to be given)" : "(generated)")
            return [
                parameter.name, parameter.kind.rawValue, value + (parameter.isFrozen ? " (fixed)" : ""),
                parameter.meaning,
            ]
        }
        return Format.table([["PARAMETER", "TAKES", "VALUE", "MEANING"]] + rows)
    }

    private var profileTable: String {
        func row(_ name: String, _ values: Int, _ asked: Requirements) -> [String] {
            let cores = "\(asked.cpuMillis / 1000).\(asked.cpuMillis % 1000 / 100)"
            return [
                name, "\(values)", cores, Format.bytes(asked.memoryBytes), Format.bytes(asked.memoryLimitBytes),
                Format.bytes(asked.volumeBytes),
            ]
        }
        let rows = profiles.map { row($0.name, $0.values.count, $0.requirements) }
        return Format.table(
            [["PROFILE", "SETS", "CORES", "MEMORY", "AT MOST", "VOLUMES"], row("(none)", 0, requirements)] + rows,
            rightAligned: [1, 2, 3, 4, 5])
    }

    private var fileTable: String {
        let rows = files.sorted { $0.name < $1.name }.map { [$0.name, Format.bytes($0.bytes), $0.digest.short] }
        return Format.table([["FILE", "SIZE", "DIGEST"]] + rows, rightAligned: [1])
    }
}
