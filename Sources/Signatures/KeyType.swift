/// The kinds of keys that sign a bundle.
package enum KeyType: String, CaseIterable, Hashable, Sendable {
    /// RFC 8032, over the bytes themselves; equal keys and bytes give equal signatures.
    case ed25519
    /// FIPS 186-5 on the curve P-256, with SHA-256; every signature is another.
    case ecdsaP256 = "ecdsa-p256"

    static let supported = "Ed25519 and ECDSA P-256 are supported"
}
