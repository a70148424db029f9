package import FoundationEssentials
package import OCI

/// The names and fixed contents of an OCI image layout: image-spec 1.1, image-layout.md.
package enum LayoutNames {
    package static let layoutFile = "oci-layout"
    package static let indexFile = "index.json"

    /// The content of `oci-layout`.
    package static let layoutBytes = Data(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    /// The path of a blob: `blobs/ALGORITHM/HEX`.
    package static func blob(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }
}

/// The annotations by which runtimes and tools name what an index lists.
package enum Annotation {
    /// The full name that containerd gives an imported image (containerd `images/annotations.go`).
    package static let containerdName = "io.containerd.image.name"
    /// image-spec annotations.md; what skopeo selects by.
    package static let referenceName = "org.opencontainers.image.ref.name"
    /// image-spec annotations.md; the file name of an artifact's layer.
    package static let title = "org.opencontainers.image.title"
    package static let created = "org.opencontainers.image.created"
}
