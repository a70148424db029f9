internal import BundleFormat
package import OCI

/// Where a bundle's images go in another registry.
package struct ImageNames: Sendable {
    /// A registry's host, and a path before every repository; empty where there is none.
    package let registry: String
    package let prefix: String
    /// Whether the host of an image becomes the first part of its path.
    package let keepsHost: Bool

    /// Parses `REGISTRY[/PREFIX]`; throws ``DistributionError/unusableTarget(_:reason:)``.
    package init(parsing text: String, keepsHost: Bool) throws(DistributionError) {
        let text = text.hasSuffix("/") ? String(text.dropLast()) : text
        let probe = "\(text)/a"
        let reference = try Self.reference(probe, shown: text)
        guard reference.tagIsImplied, reference.digest == nil else {
            throw .unusableTarget(text, reason: "images keep their own tags")
        }
        registry = reference.registry
        prefix = String(reference.repository.dropLast("a".count))
        self.keepsHost = keepsHost
    }

    /// Where `image` goes: the same tag and digest, another registry and repository.
    package func target(for image: ImageReference) -> ImageReference {
        let host = keepsHost ? Self.pathPart(image.registry) + "/" : ""
        return ImageReference(
            registry: registry, repository: prefix + host + image.repository, tag: image.tag, digest: image.digest)
    }

    /// Parses the reference of a whole bundle, `REGISTRY/REPOSITORY[:TAG]`, in which the registry must be written.
    package static func bundle(_ text: String) throws(DistributionError) -> ImageReference {
        let reference = try reference(text, shown: text)
        guard reference.digest == nil else {
            throw .unusableTarget(text, reason: "a digest can't be chosen")
        }
        return reference
    }

    /// Throws where two images of different registries or repositories would share a repository.
    func check(_ images: [ImageReference]) throws(DistributionError) {
        var taken: [String: ImageReference] = [:]
        for image in images.sorted() {
            let target = target(for: image)
            if let other = taken.updateValue(image, forKey: target.name), other.name != image.name {
                throw .collision(other, image, target: target.name)
            }
        }
    }

    private static func reference(_ text: String, shown: String) throws(DistributionError) -> ImageReference {
        let host = text.prefix { $0 != "/" }
        guard host.contains(".") || host.contains(":") || host == "localhost", host.count < text.count else {
            throw .unusableTarget(shown, reason: "it does not begin with the host of a registry")
        }
        do {
            return try ImageReference(parsing: text)
        } catch {
            throw .unusableTarget(shown, reason: error.rule)
        }
    }

    /// A host as a part of a path: `localhost:5000` is `localhost-5000`.
    private static func pathPart(_ host: String) -> String {
        let part = host.utf8.map { byte -> UInt8 in
            let isFine =
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            return isFine ? byte : UInt8(ascii: "-")
        }
        return String(decoding: part.drop { $0 == UInt8(ascii: "-") }, as: UTF8.self)
    }
}
