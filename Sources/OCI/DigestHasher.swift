internal import CCrypto
package import FoundationEssentials

/// Computes a ``Digest`` over bytes that arrive in pieces.
package struct DigestHasher: Sendable {
    private enum State: Sendable {
        case sha256(SHA256_CTX)
        case sha512(SHA512_CTX)
    }

    private var state: State

    package init(_ algorithm: Digest.Algorithm = .sha256) {
        switch algorithm {
        case .sha256:
            var hash = SHA256_CTX()
            SHA256_Init(&hash)
            state = .sha256(hash)
        case .sha512:
            var hash = SHA512_CTX()
            SHA512_Init(&hash)
            state = .sha512(hash)
        }
    }

    /// Takes the next piece of the content; no copy is made.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hash):
            SHA256_Update(&hash, bytes.baseAddress, bytes.count)
            state = .sha256(hash)
        case .sha512(var hash):
            SHA512_Update(&hash, bytes.baseAddress, bytes.count)
            state = .sha512(hash)
        }
    }

    /// The digest of everything taken so far; more may follow.
    package func digest() -> Digest {
        switch state {
        case .sha256(var hash):
            var bytes = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
            SHA256_Final(&bytes, &hash)
            return Digest(algorithm: .sha256, bytes: bytes)
        case .sha512(var hash):
            var bytes = [UInt8](repeating: 0, count: Int(SHA512_DIGEST_LENGTH))
            SHA512_Final(&bytes, &hash)
            return Digest(algorithm: .sha512, bytes: bytes)
        }
    }
}

extension Digest {
    /// The digest of `bytes`.
    package static func of(_ bytes: Data, algorithm: Algorithm = .sha256) -> Digest {
        var hasher = DigestHasher(algorithm)
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.digest()
    }
}
