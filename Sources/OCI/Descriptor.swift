/// A pointer to content: image-spec 1.1, descriptor.md.
package struct Descriptor: Hashable, Sendable, Codable {
    package var mediaType: MediaType
    package var digest: Digest
    /// The content's length in bytes; never negative.
    package var size: Int64
    package var annotations: [String: String]?
    /// Only inside an index: what the manifest that it points to runs on.
    package var platform: Platform?
    package var artifactType: String?

    package init(
        mediaType: MediaType, digest: Digest, size: Int64, annotations: [String: String]? = nil,
        platform: Platform? = nil, artifactType: String? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
        self.artifactType = artifactType
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mediaType = try container.decode(MediaType.self, forKey: .mediaType)
        digest = try container.decode(Digest.self, forKey: .digest)
        size = try container.decode(Int64.self, forKey: .size)
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
        platform = try container.decodeIfPresent(Platform.self, forKey: .platform)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        guard size >= 0 else {
            throw Malformed("descriptor", String(size), breaks: "size must not be negative (image-spec descriptor.md)")
        }
    }

    /// The same content without what only its place in an index says about it.
    package var bare: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: size) }
}
