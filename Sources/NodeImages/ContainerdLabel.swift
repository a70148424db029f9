/// The labels that keep an image alive and visible in containerd, and our own.
package enum ContainerdLabel {
    /// CRI lists an image only with this label (containerd `pkg/cri/labels`).
    package static let managed = "io.cri-containerd.image"
    package static let managedValue = "managed"
    /// kubelet's image garbage collection leaves an image with this label alone.
    package static let pinned = "io.cri-containerd.pinned"
    package static let pinnedValue = "pinned"

    /// The bundle, `NAME-VERSION`, whose import made this image record or moved it.
    package static let bundle = "sealift/bundle"
    /// The bundle whose import only pinned a record that was there before; uninstalling removes the pin, not the image.
    package static let adopted = "sealift/adopted-by"
    /// The name of the record that the two above were set on: `ctr images tag` copies labels to names that are not ours.
    package static let name = "sealift/name"

    /// When containerd forgets a lease (RFC 3339; containerd `gc.go`).
    static let expiry = "containerd.io/gc.expire"
    /// containerd follows `containerd.io/gc.ref.content…` from one blob to the next (docs/garbage-collection.md).
    static let contentReference = "containerd.io/gc.ref.content."
    /// Whether containerd reads a label of this key as a reference to content.
    static func isContentReference(_ key: String) -> Bool {
        key.hasPrefix(contentReference) || key.hasPrefix("containerd.io/gc.ref.content/")
    }

    /// The diff ID of a layer's blob, as containerd's own unpacker notes it.
    static let uncompressed = "containerd.io/uncompressed"
    /// The chain ID that a snapshot is for, as containerd's own unpacker notes it.
    static let snapshotReference = "containerd.io/snapshot.ref"

    /// On an image's config: the snapshot that the image's unpacked layers are (containerd `unpacker.go`).
    static func snapshot(_ snapshotter: String) -> String { "containerd.io/gc.ref.snapshot.\(snapshotter)" }
}
