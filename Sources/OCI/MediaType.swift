/// A media type as it stands in a descriptor; unknown ones are kept as they are.
package struct MediaType: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// What content of a media type is in an image's graph.
    package enum Role: Sendable {
        case index, manifest, config, layer, other
    }

    package var role: Role {
        switch self {
        case .ociIndex, .dockerManifestList: .index
        case .ociManifest, .dockerManifest: .manifest
        case .ociConfig, .dockerConfig: .config
        default:
            rawValue.hasPrefix("application/vnd.oci.image.layer.")
                || rawValue.hasPrefix("application/vnd.docker.image.rootfs.") ? .layer : .other
        }
    }
}

extension MediaType: CustomStringConvertible {
    /// Safe to print, whoever has written it; ``rawValue`` is the media type itself.
    package var description: String { rawValue.printable(limit: 100) }
}

/// The media types of image-spec 1.1 (media-types.md) and of Docker's image manifest version 2, schema 2.
extension MediaType {
    package static let ociIndex = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
    package static let ociManifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
    package static let ociConfig = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
    package static let ociLayer = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")
    package static let ociLayerGzip = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
    package static let ociLayerZstd = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")
    package static let dockerManifestList =
        MediaType(rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerManifest = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerConfig = MediaType(rawValue: "application/vnd.docker.container.image.v1+json")
    package static let dockerLayerGzip = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.gzip")
    /// Docker's manifest version 2, schema 1: retired, never accepted, named here so that it can be refused by name.
    package static let dockerSchema1 = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v1+json")
    package static let dockerSchema1Signed =
        MediaType(rawValue: "application/vnd.docker.distribution.manifest.v1+prettyjws")

    /// What a client sends as `Accept` when it asks for a manifest by tag: everything that Sealift can pack.
    package static let acceptedManifests: [MediaType] = [.ociIndex, .ociManifest, .dockerManifestList, .dockerManifest]
}
