package import OCI

/// What a request is about, as an error names it.
package enum Subject: Hashable, Sendable, CustomStringConvertible {
    case manifest(of: ImageReference)
    case blob(Digest, of: ImageReference)
    /// A plain file, by its URL without query.
    case file(String)
    case token(scope: String)

    package var description: String {
        switch self {
        case .manifest(let reference): "the manifest of \(reference)"
        case .blob(let digest, let reference): "blob \(digest) of \(reference.name)"
        case .file(let url): url
        case .token(let scope): scope.isEmpty ? "an access token" : "an access token for \(scope)"
        }
    }
}
