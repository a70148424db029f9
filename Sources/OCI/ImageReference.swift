/// The name of an image, in the one spelling that the container runtime compares: registry, repository, tag, digest.
///
/// Any spelling that `docker`, `kubectl` or `ctr` users type goes in; what comes out is normalised as CRI does it
/// (distribution `reference/normalize.go`): Docker Hub and `library/` are filled in, `index.docker.io` is `docker.io`,
/// neither tag nor digest means `latest`. A tag and a digest are both kept. Two references are equal exactly when the
/// runtime takes them for the same name, so `nifi` never matches `nifi-registry` nor `v2.9` `v2.9.10`.
package struct ImageReference: Sendable {
    /// The registry's host, with its port where one is written: `docker.io`, `localhost:5000`, `[::1]:5000`.
    package let registry: String
    /// The path below the registry: `library/busybox`.
    package let repository: String
    /// `nil` only where a digest stands alone.
    package let tag: String?
    package let digest: Digest?
    /// The tag was not written: `latest` was filled in.
    package let tagIsImplied: Bool

    package init(registry: String, repository: String, tag: String?, digest: Digest?, tagIsImplied: Bool = false) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
        self.tagIsImplied = tagIsImplied
    }

    /// Registry and repository: `docker.io/library/busybox`.
    package var name: String { "\(registry)/\(repository)" }

    /// The name under which CRI finds this image by tag, `repo:tag`; `nil` where no tag is written.
    package var taggedName: String? { tag.map { "\(name):\($0)" } }

    /// The name under which CRI finds `digest` of this repository, `repo@digest`.
    package func digestedName(_ digest: Digest) -> String { "\(name)@\(digest)" }

    /// The name that CRI asks for: with a digest the tag is dropped (containerd `reference/docker`, `ParseDockerRef`).
    package var runtimeName: String {
        if let digest { return digestedName(digest) }
        return taggedName ?? name
    }
}

extension ImageReference: Hashable {
    package static func == (left: ImageReference, right: ImageReference) -> Bool {
        left.registry == right.registry && left.repository == right.repository && left.tag == right.tag
            && left.digest == right.digest
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(registry)
        hasher.combine(repository)
        hasher.combine(tag)
        hasher.combine(digest)
    }
}

extension ImageReference: Comparable {
    package static func < (left: ImageReference, right: ImageReference) -> Bool {
        left.description < right.description
    }
}

extension ImageReference: CustomStringConvertible {
    /// The full, normalised spelling: `registry/repository[:tag][@digest]`.
    package var description: String {
        name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}

extension ImageReference: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
