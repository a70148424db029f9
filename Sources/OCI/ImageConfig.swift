/// The fields of an image's configuration that Sealift reads: image-spec 1.1, config.md.
package struct ImageConfig: Hashable, Sendable, Decodable {
    /// The image's layers, unpacked: one digest each, base first.
    package struct RootFS: Hashable, Sendable, Decodable {
        package var type: String
        package var diffIDs: [Digest]

        private enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    package var platform: Platform
    package var rootfs: RootFS

    private enum CodingKeys: String, CodingKey {
        case rootfs
    }

    package init(from decoder: any Decoder) throws {
        platform = try Platform(from: decoder)
        rootfs = try decoder.container(keyedBy: CodingKeys.self).decode(RootFS.self, forKey: .rootfs)
    }
}

extension ImageConfig: DocumentValue {
    package static let subject = "image config"

    package func validate(as mediaType: MediaType) throws(Malformed) {
        guard rootfs.type == "layers" else {
            throw Malformed(Self.subject, rootfs.type, breaks: "rootfs.type must be layers (image-spec config.md)")
        }
    }
}
