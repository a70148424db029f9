package import BundleFormat
package import Definition
package import OCI

/// What was found in a bundle's manifests.
package struct ImageDiscovery: Hashable, Sendable {
    /// A remark about the definition itself.
    package struct Warning: Hashable, Sendable, CustomStringConvertible {
        package let location: SourceLocation
        package let message: String

        package var description: String { "\(location): \(message)" }
    }

    /// The images of the bundle, certain and likely ones, sorted by reference; those of Kubernetes among them.
    package let images: [DiscoveredImage]
    /// Guesses that the definition neither confirms nor dismisses; `lock` and `build` refuse to go on with any.
    package let unconfirmed: [DiscoveredImage]
    /// The Kubernetes distribution's own images, sorted.
    package let kubernetesImages: [ImageReference]
    /// What lint found, sorted by place; what the definition waives has its reason in `waiver`.
    package let findings: [LintFinding]
    /// Entries of the definition that have no effect.
    package let warnings: [Warning]
    /// The parameters that image references depend on: they can't be changed once the bundle is built.
    package let frozenParameters: Set<String>
    /// What the manifests ask of the host, with the values that were taken; checks, which come and go, are not in it.
    package let requirements: Requirements

    /// The findings that stop a build: errors that nobody has waived.
    package var errors: [LintFinding] { findings.filter { $0.severity == .error && $0.waiver == nil } }

    /// How to get rid of an unconfirmed guess.
    package static func hint(for guess: DiscoveredImage) -> String {
        """
        if the bundle needs it, add to images: {reference: "\(guess.written)", reason: "…"}; \
        if it is no image, add to ignore: {reference: "\(guess.written)", reason: "…"}
        """
    }
}

extension ImagesLock.Origin {
    /// A discovered origin as the lock of `bundle` has it: without the line.
    package init(bundle: String, _ origin: DiscoveredImage.Origin) {
        self.init(bundle: bundle, file: origin.file, object: origin.object, field: origin.field)
    }
}

extension ImageDiscovery {
    /// The lock's entries for what was found, all unresolved.
    package func lockEntries(for bundle: String) -> [ImagesLock.Entry] {
        images.map { image in
            .init(
                reference: image.written, name: image.reference,
                origins: image.origins.map { .init(bundle: bundle, $0) })
        }
    }
}
