/// Where a bundle's extra files are on the host, for manifests to mount.
package enum InstalledFiles {
    /// Each is there under its name, with its mode.
    package static let folder = "/var/lib/sealift/files"
}
