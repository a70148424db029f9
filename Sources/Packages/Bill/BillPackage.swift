internal import OCI

/// A package in a bill of materials, with every place that tells of it.
struct BillPackage {
    private var package: FoundPackage
    private let purl: String?
    private var places: Set<String> = []
    private var layers: [Digest] = []

    /// One entry for each package that is the same by all that is known of it, in one order.
    static func merged(
        _ found: [ImagePackages.Located], in distribution: LayerPackages.Distribution?
    ) -> [BillPackage] {
        var merged: [[String]: BillPackage] = [:]
        for located in found {
            let package = located.package
            let key = [
                package.kind.rawValue, package.namespace ?? "", package.name, package.version ?? "",
                package.architecture ?? "", package.epoch ?? "",
            ]
            var entry =
                merged[key] ?? BillPackage(package: package, purl: PackageURL.of(package, in: distribution))
            entry.package.license = entry.package.license ?? package.license
            // Named by something inside anywhere is better than named by a file everywhere.
            if package.isNamedByFile == nil { entry.package.isNamedByFile = nil }
            let place = package.inside.map { "\(located.path)!\($0)" } ?? located.path
            entry.places.insert(place)
            if !entry.layers.contains(located.layer) { entry.layers.append(located.layer) }
            merged[key] = entry
        }
        return merged.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    func encode(to json: inout JSONText, reference: String) {
        json.object { json in
            json.text("type", "library")
            json.text("bom-ref", reference)
            json.text("group", package.namespace)
            json.text("name", package.name)
            json.text("version", package.version)
            if let license = package.license {
                json.array("licenses", [license]) { json, license in
                    json.object { $0.object("license") { $0.text("name", license) } }
                }
            }
            json.text("purl", purl)
            json.object("evidence") { json in
                json.array("occurrences", places.sorted()) { json, place in json.object { $0.text("location", place) } }
            }
            json.properties(properties)
        }
    }

    private var properties: [(name: String, value: String)] {
        var properties = [("sealift:kind", package.kind.rawValue)]
        if let source = package.source { properties.append(("sealift:source-package", source)) }
        if package.isNamedByFile == true { properties.append(("sealift:identified-by", "file name")) }
        properties += layers.map { ("sealift:layer", $0.description) }
        return properties
    }
}
