package import OCI

/// The media types of a bundle's artifact manifest.
extension MediaType {
    /// The `artifactType` of the manifest that describes the bundle.
    package static let bundle = MediaType(rawValue: "application/vnd.sealift.bundle.v1")
    /// Its config: ``BundleDescription``.
    package static let bundleConfig = MediaType(rawValue: "application/vnd.sealift.bundle.config.v1+json")

    package static let bundleManifest = MediaType(rawValue: "application/vnd.sealift.manifest.v1+yaml")
    package static let bundleCheck = MediaType(rawValue: "application/vnd.sealift.check.v1+yaml")
    package static let bundleLock = MediaType(rawValue: "application/vnd.sealift.lock.v1+yaml")
    package static let kubernetesConfig = MediaType(rawValue: "application/vnd.sealift.kubernetes.config.v1+yaml")
    package static let kubernetesBinary = MediaType(rawValue: "application/vnd.sealift.kubernetes.binary.v1")
    package static let installer = MediaType(rawValue: "application/vnd.sealift.installer.v1")
    /// An index or manifest as the registry has it, in whose place another one stands.
    package static let bundleOriginal = MediaType(rawValue: "application/vnd.sealift.original.v1+json")
    package static let file = MediaType(rawValue: "application/vnd.sealift.file.v1")

    /// Small texts that travel at the front of the archive, beside the image documents.
    package var isBundleText: Bool {
        [.bundleManifest, .bundleCheck, .bundleLock, .bundleOriginal, .kubernetesConfig].contains(self)
    }
}
