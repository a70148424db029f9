internal import BundleFormat
internal import FoundationEssentials
internal import ImageLayout
internal import OCI

/// The images and layers of a bundle as the page shows them: each once, whatever the number of its names.
struct PageImages {
    /// An image, by the digest that its names point to.
    struct Image {
        var digest: Digest
        /// What the registry has in its place.
        var original: Digest?
        var references: [String]
        var platforms: [BundleSummary.PlatformImage]
        var bytes: Int64
        /// The bytes of the layers that no other image has.
        var ownBytes: Int64
        /// The last part of its first name: `nifi:1.23.2`.
        var label: String
    }

    /// A layer, and who needs it.
    struct Layer {
        var layer: BundleSummary.Layer
        /// Places in ``PageImages/images``.
        var users: [Int]
        /// The command that made it, where the image's history tells.
        var origin: String?
        /// Whether its bytes are in the archive, and not in another that this one builds upon.
        var isHere: Bool

        var bytes: Int64 { layer.bytes }
        /// The command that made it, where that says more than a digest does.
        var name: String? {
            origin.flatMap { origin in
                ["sha256:", "file:", "dir:", "multi:"].contains { origin.contains($0) } ? nil : origin
            }
        }
        /// What it saves that it is there once.
        var savedBytes: Int64 { bytes * Int64(max(0, users.count - 1)) }
    }

    /// Largest first.
    let images: [Image]
    /// Largest first.
    let layers: [Layer]

    init(of bundle: BundleReader, _ summary: BundleSummary) {
        var images: [Digest: Image] = [:]
        for image in summary.images {
            images[image.digest, default: Image(image)].references.append(image.reference)
        }
        self.images = images.values.sorted { ($1.bytes, $0.references[0]) < ($0.bytes, $1.references[0]) }
        let archived = Set(bundle.contents.members.map(\.name))
        let origins = Self.origins(in: bundle.graph)
        var layers: [Digest: Layer] = [:]
        for (index, image) in self.images.enumerated() {
            var seen: Set<Digest> = []
            for layer in image.platforms.flatMap(\.layers) where seen.insert(layer.digest).inserted {
                let isHere = archived.contains(LayoutNames.blob(layer.digest))
                let new = Layer(layer: layer, users: [], origin: origins[layer.digest], isHere: isHere)
                layers[layer.digest, default: new].users.append(index)
            }
        }
        self.layers = layers.values.sorted { ($1.bytes, $0.layer.digest) < ($0.bytes, $1.layer.digest) }
    }

    /// The labels of the images at `places`, of which some are enough.
    func labels(_ places: [Int], limit: Int = 12) -> String {
        let shown = places.prefix(limit).map { images[$0].label }.joined(separator: ", ")
        return places.count > limit ? "\(shown) and \(places.count - limit) more" : shown
    }

    private struct History: Decodable {
        struct Step: Decodable {
            var command: String?
            var isEmpty: Bool?

            enum CodingKeys: String, CodingKey {
                case command = "created_by"
                case isEmpty = "empty_layer"
            }
        }

        var history: [Step]?
    }

    /// The commands that the images' histories name, by layer (image-spec config.md, `history`).
    private static func origins(in graph: ImageGraph) -> [Digest: String] {
        var origins: [Digest: String] = [:]
        for image in graph.entries.flatMap(\.images) {
            // `try?`: a history is a courtesy; where it is none that we know, the page goes without.
            guard let config = graph.documents[image.config.digest]?.bytes,
                let steps = try? JSONDecoder().decode(History.self, from: config).history?.filter({ $0.isEmpty != true }
                ),
                steps.count == image.manifest.value.layers.count
            else { continue }
            for (layer, step) in zip(image.manifest.value.layers, steps) {
                guard let command = step.command, !command.isEmpty, origins[layer.digest] == nil else { continue }
                origins[layer.digest] = Self.shortened(command)
            }
        }
        return origins
    }

    /// Without what every command begins with, and no longer than somebody reads.
    private static func shortened(_ command: String) -> String {
        var text = command[...]
        for noise in ["RUN ", "/bin/sh -c ", "#(nop) "] {
            if text.hasPrefix(noise) { text = text.dropFirst(noise.count) }
            text = text.drop { $0 == " " }
        }
        text = withShortDigests(text)[...]
        return text.prefix(160) + (text.count > 160 ? "…" : "")
    }

    /// Builders name what they copied by its digest; its first digits are enough.
    private static func withShortDigests(_ text: Substring) -> String {
        var result = ""
        var digits: [Character] = []
        for character in text.prefix(1000) + "\n" {
            if character.isASCII, character.isHexDigit {
                digits.append(character)
                continue
            }
            result += digits.count < 32 ? String(digits) : String(digits.prefix(12))
            digits = []
            result.append(character)
        }
        return String(result.dropLast())
    }
}

extension PageImages.Image {
    fileprivate init(_ image: BundleSummary.Image) {
        digest = image.digest
        original = image.original
        references = []
        platforms = image.platforms
        bytes = image.bytes
        let own = Set(image.platforms.flatMap(\.layers).filter { $0.sharedBy <= 1 })
        ownBytes = Dictionary(own.map { ($0.digest, $0.bytes) }) { first, _ in first }.values.reduce(0, +)
        let last = image.reference.utf8.lastIndex(of: UInt8(ascii: "/")).map { image.reference.utf8.index(after: $0) }
        label = last.map { String(image.reference[$0...]) } ?? image.reference
    }
}
