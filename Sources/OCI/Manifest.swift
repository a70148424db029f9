/// An image manifest: image-spec 1.1 manifest.md, and Docker's image manifest version 2, schema 2.
package struct Manifest: Hashable, Sendable, Codable {
    package var schemaVersion: Int
    package var mediaType: MediaType?
    package var artifactType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    package var annotations: [String: String]?

    package init(
        mediaType: MediaType, artifactType: String? = nil, config: Descriptor, layers: [Descriptor],
        annotations: [String: String]? = nil
    ) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// Whether this is a container image, not an artifact that merely uses the manifest's form.
    package var isImage: Bool { config.mediaType.role == .config }

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, artifactType, config, layers, annotations, manifests
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.manifests) {
            throw Malformed(
                Self.subject, "manifests",
                breaks: "a manifest must not also carry the field of an index (image-spec manifest.md, mediaType)")
        }
        schemaVersion = try container.decode(Int.self, forKey: .schemaVersion)
        mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        config = try container.decode(Descriptor.self, forKey: .config)
        layers = try container.decode([Descriptor].self, forKey: .layers)
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(schemaVersion, forKey: .schemaVersion)
        try container.encodeIfPresent(mediaType, forKey: .mediaType)
        try container.encodeIfPresent(artifactType, forKey: .artifactType)
        try container.encode(config, forKey: .config)
        try container.encode(layers, forKey: .layers)
        try container.encodeIfPresent(annotations, forKey: .annotations)
    }
}

extension Manifest: DocumentValue {
    package static let subject = "image manifest"

    package func validate(as mediaType: MediaType) throws(Malformed) {
        try requireSchemaVersion2(schemaVersion, of: Self.subject)
        try requireAgreement(self.mediaType, with: mediaType, of: Self.subject)
        guard mediaType.role == .manifest else {
            throw Malformed(Self.subject, mediaType.rawValue, breaks: "not the media type of an image manifest")
        }
    }
}

func requireSchemaVersion2(_ version: Int, of subject: String) throws(Malformed) {
    guard version == 2 else {
        throw Malformed(subject, String(version), breaks: "schemaVersion must be 2 (image-spec manifest.md)")
    }
}

func requireAgreement(_ own: MediaType?, with given: MediaType, of subject: String) throws(Malformed) {
    // A document that is one thing by its descriptor and another by its own word can be read in two ways; refused.
    guard let own, own != given else { return }
    throw Malformed(
        subject, own.rawValue,
        breaks: "mediaType must be the descriptor's, \(given.rawValue) (image-spec manifest.md, mediaType)")
}
