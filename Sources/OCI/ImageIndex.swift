/// An image index: image-spec 1.1 image-index.md, and Docker's manifest list.
package struct ImageIndex: Hashable, Sendable, Codable {
    package var schemaVersion: Int
    package var mediaType: MediaType?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(mediaType: MediaType = .ociIndex, manifests: [Descriptor], annotations: [String: String]? = nil) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, manifests, annotations, layers, config
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.layers) || container.contains(.config) {
            throw Malformed(
                Self.subject, "layers, config",
                breaks: "an index must not also carry the fields of a manifest (image-spec image-index.md, mediaType)")
        }
        schemaVersion = try container.decode(Int.self, forKey: .schemaVersion)
        mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType)
        manifests = try container.decode([Descriptor].self, forKey: .manifests)
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(schemaVersion, forKey: .schemaVersion)
        try container.encodeIfPresent(mediaType, forKey: .mediaType)
        try container.encode(manifests, forKey: .manifests)
        try container.encodeIfPresent(annotations, forKey: .annotations)
    }

    /// The manifest that a runtime on `platform` would take: the first whose platform is equal, or `nil`.
    ///
    /// A 32-bit Arm also runs the older variants, newest first, where its own is not listed.
    package func manifest(for platform: Platform) -> Descriptor? {
        let images = manifests.filter { $0.mediaType.role == .manifest }
        if let exact = images.first(where: { $0.platform == platform }) { return exact }
        guard platform.architecture == "arm" else { return nil }
        // An arm/v7 machine runs v6 and v5 (containerd platforms/compare.go).
        let older = ["v7", "v6", "v5"].drop { $0 != platform.variant }.dropFirst()
        for variant in older {
            let candidate = Platform(os: platform.os, architecture: "arm", variant: variant)
            if let match = images.first(where: { $0.platform == candidate }) { return match }
        }
        return nil
    }
}

extension ImageIndex: DocumentValue {
    package static let subject = "image index"

    package func validate(as mediaType: MediaType) throws(Malformed) {
        try requireSchemaVersion2(schemaVersion, of: Self.subject)
        try requireAgreement(self.mediaType, with: mediaType, of: Self.subject)
        guard mediaType.role == .index else {
            throw Malformed(Self.subject, mediaType.rawValue, breaks: "not the media type of an image index")
        }
    }
}
