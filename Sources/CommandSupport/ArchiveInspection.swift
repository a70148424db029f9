package import BundleFormat
internal import OCI

/// What `inspect` says about itself in both executables.
package enum ArchiveInspection {
    package static let abstract = "Show what is inside a bundle."
    package static let discussion =
        "Reads only the front of the archive, whatever its size; `verify` proves the rest."

    /// Prints what is in the bundle.
    package static func run(on bundle: BundleReader, format: OutputFormat, layers: Bool) throws {
        let summary = BundleSummary(of: bundle)
        switch format {
        case .json: Terminal.standardOutput.write(try Format.json(summary))
        case .text: Terminal.standardOutput.write(summary.text(layers: layers))
        }
    }
}

extension BundleSummary {
    /// The summary as `inspect` prints it.
    func text(layers: Bool) -> String {
        var facts = [["bundle", "\(name) \(version)"]]
        if let description { facts.append(["", description]) }
        facts += [
            ["platforms", platforms.joined(separator: ", ")],
            ["kubernetes", kubernetes ?? "none: for a cluster that is there"],
            ["stages", stages.joined(separator: " -> ")],
            ["archive", "\(Format.bytes(archiveBytes)), \(Format.bytes(contentBytes)) unpacked"],
            ["images", "\(images.count), sharing saves \(Format.bytes(sharedBytes))"],
            ["index", index.description],
            ["signature", signature.description],
            ["built with", "sealift \(builtWith)"],
        ]
        var text = Format.table(facts)
        text += "\n" + imageTable
        if layers { text += "\n" + layerTable }
        text += "\n" + fileTable
        return text
    }

    private var imageTable: String {
        let rows = images.map { image in
            let all = image.platforms.flatMap(\.layers)
            let shared = all.filter { $0.sharedBy > 1 }.count
            return [
                image.reference, image.digest.short, image.platforms.map(\.platform).joined(separator: ","),
                Format.bytes(image.bytes), "\(all.count)", "\(shared)",
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
            [$0.layer.digest.short, Format.bytes($0.layer.bytes), $0.users.sorted().joined(separator: ", ")]
        }
        return Format.table([["LAYER", "SIZE", "USED BY"]] + rows, rightAligned: [1])
    }

    private var fileTable: String {
        let rows = files.sorted { $0.name < $1.name }.map { [$0.name, Format.bytes($0.bytes), $0.digest.short] }
        return Format.table([["FILE", "SIZE", "DIGEST"]] + rows, rightAligned: [1])
    }
}
