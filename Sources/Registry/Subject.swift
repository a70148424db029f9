package import OCI

/// What a request is about, as an error names it.
package enum Subject: Hashable, Sendable, CustomStringConvertible {
    case manifest(of: ImageReference)
    case blob(Digest, of: ImageReference)
    /// A plain file, by its URL without query.
    case file(String)
    case token(scope: String)
    /// A manifest that is put into a registry.
    case pushedManifest(as: ImageReference)
    /// A blob that is put into a registry.
    case pushedBlob(Digest, to: ImageReference)

    package var description: String {
        switch self {
        case .manifest(let reference): "the manifest of \(reference)"
        case .blob(let digest, let reference): "blob \(digest) of \(reference.name)"
        case .file(let url): url
        case .pushedManifest(let reference): "the manifest of \(reference)"
        case .pushedBlob(let digest, let reference): "blob \(digest) to \(reference.name)"
        case .token(let scope): scope.isEmpty ? "an access token" : "an access token for \(scope)"
        }
    }

    /// What an error says was tried.
    var verb: String { isPush ? "push" : "fetch" }

    /// The registry as image names and `--mirror` have it, whoever answers for it; `nil` where the subject is no image's.
    var registry: String? {
        switch self {
        case .manifest(let reference), .blob(_, let reference): reference.registry
        case .pushedManifest(let reference), .pushedBlob(_, let reference): reference.registry
        case .file, .token: nil
        }
    }

    /// Whether something was to be put into a registry.
    var isPush: Bool {
        switch self {
        case .pushedManifest, .pushedBlob: true
        case .manifest, .blob, .file, .token: false
        }
    }
}
