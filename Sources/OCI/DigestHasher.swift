internal import Crypto
package import FoundationEssentials

/// Computes a ``Digest`` over bytes that arrive in pieces.
package struct DigestHasher: Sendable {
    private enum State: Sendable {
        case sha256(SHA256)
        case sha512(SHA512)
    }

    private var state: State

    package init(_ algorithm: Digest.Algorithm = .sha256) {
        switch algorithm {
        case .sha256: state = .sha256(SHA256())
        case .sha512: state = .sha512(SHA512())
        }
    }

    /// Takes the next piece of the content; no copy is made.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hash):
            // The enum must not hold a second reference while the hash is mutated, or every update copies the state.
            state = .sha256(SHA256())
            hash.update(bufferPointer: bytes)
            state = .sha256(hash)
        case .sha512(var hash):
            state = .sha512(SHA512())
            hash.update(bufferPointer: bytes)
            state = .sha512(hash)
        }
    }

    /// The digest of everything taken so far; more may follow.
    package func digest() -> Digest {
        switch state {
        case .sha256(let hash): Digest(algorithm: .sha256, bytes: hash.finalize())
        case .sha512(let hash): Digest(algorithm: .sha512, bytes: hash.finalize())
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
