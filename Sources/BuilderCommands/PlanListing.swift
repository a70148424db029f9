internal import BundleBuilder
internal import CommandSupport
internal import Discovery
internal import OCI
internal import SystemPackage

/// A build's plan as `--dry-run` prints it.
struct PlanListing: Codable, Hashable {
    /// One blob.
    struct Item: Codable, Hashable {
        var digest: Digest
        var bytes: Int64
        var missing: Int64
        var name: String
        var source: String
    }

    /// An image that a chart's template asks for.
    struct Templated: Codable, Hashable {
        var image: String
        /// The manifest that was made of the chart.
        var file: String
        var template: String
    }

    var bundle: String
    var output: String
    var platforms: [String]
    var images: Int
    var bytesToFetch: Int64
    var bytesToPack: Int64
    /// What a delta leaves to its base.
    var bytesLeftOut: Int64
    var blobs: [Item]
    var templated: [Templated]

    init(_ plan: BuildPlan, of discovery: ImageDiscovery) {
        bundle = "\(plan.name) \(plan.version)"
        output = plan.output.string
        platforms = plan.platforms.map(\.description)
        images = plan.imageCount
        bytesToFetch = plan.bytesToFetch
        bytesToPack = plan.bytesToPack
        bytesLeftOut = plan.leftOut.reduce(0) { $0 + $1.descriptor.size }
        blobs = (plan.documents + plan.payload).map {
            Item(
                digest: $0.descriptor.digest, bytes: $0.descriptor.size, missing: $0.missing, name: $0.name,
                source: $0.source.description)
        }
        let asked = discovery.images.flatMap { image in
            image.origins.compactMap { origin in
                origin.template.map {
                    Templated(image: image.reference.description, file: origin.file, template: $0)
                }
            }
        }
        // One template may ask for an image in several places.
        var seen: Set<Templated> = []
        templated = asked.filter { seen.insert($0).inserted }
    }

    var text: String {
        let charts = templated.map { [$0.image, $0.file, $0.template] }
        return (charts.isEmpty ? "" : Format.table([["IMAGE", "CHART'S MANIFEST", "TEMPLATE"]] + charts) + "\n") + plan
    }

    private var plan: String {
        let rows = blobs.map { item in
            let state = item.missing == 0 ? "there" : item.missing < item.bytes ? "in part" : "to fetch"
            return [item.digest.short, Format.bytes(item.bytes), state, item.name, item.source]
        }
        return Format.table([["BLOB", "SIZE", "STATE", "FOR", "FROM"]] + rows, rightAligned: [1])
            + "\n\(images) images, \(blobs.count) blobs: \(Format.bytes(bytesToFetch)) to fetch, "
            + "\(Format.bytes(bytesToPack)) to pack into \(output)\n"
            + (bytesLeftOut == 0 ? "" : "\(Format.bytes(bytesLeftOut)) are left to the base\n")
    }
}

extension BuildPlan.Source: CustomStringConvertible {
    package var description: String {
        switch self {
        case .registry(let reference): reference.registry
        case .url(let url): url
        case .file(let path): path.string
        case .encoded(let layer): "layer \(layer.short)"
        }
    }
}
