internal import CNettle
package import FoundationEssentials
internal import OCI

/// A key that signs.
package struct PrivateKey: Sendable {
    package let publicKey: PublicKey
    /// Ed25519: the seed. P-256: the number.
    let secret: [UInt8]

    package var type: KeyType { publicKey.type }

    static let size = Int(SEALIFT_P256_SIZE)

    /// A new key, of the kernel's randomness.
    package static func generate(_ type: KeyType) throws(KeyFault) -> PrivateKey {
        var secret = [UInt8](repeating: 0, count: size)
        switch type {
        case .ed25519: sealift_random(nil, secret.count, &secret)
        case .ecdsaP256: sealift_p256_generate(&secret)
        }
        return try PrivateKey(type, secret)
    }

    /// Throws where the bytes are no key of that kind.
    init(_ type: KeyType, _ secret: [UInt8]) throws(KeyFault) {
        var bytes = [UInt8](repeating: 0, count: 2 * Self.size)
        var isKey = secret.count == Self.size
        if isKey {
            switch type {
            case .ed25519:
                nettle_ed25519_sha512_public_key(&bytes, secret)
                bytes.removeLast(Self.size)
            case .ecdsaP256:
                isKey = bytes.withUnsafeMutableBufferPointer { bytes in
                    guard let x = bytes.baseAddress else { return false }
                    return sealift_p256_public(secret, x, x + Self.size) != 0
                }
            }
        }
        guard isKey, let publicKey = PublicKey(type, bytes) else {
            throw KeyFault("it is damaged: there is no such \(type.rawValue) key")
        }
        self.publicKey = publicKey
        self.secret = secret
    }

    /// The signature over `message`, as ``PublicKey/isSignature(_:over:)`` takes it, and has taken it.
    package func sign(_ message: Data) throws(KeyFault) -> [UInt8] {
        let signature = rawSignature(over: message)
        // A machine that miscalculates could give the key away by what it signs.
        guard publicKey.isSignature(signature, over: message) else {
            throw KeyFault("what it signed is not its signature", hint: "this machine's memory may be failing")
        }
        return signature
    }

    private func rawSignature(over message: Data) -> [UInt8] {
        switch type {
        case .ed25519:
            var signature = [UInt8](repeating: 0, count: Int(ED25519_SIGNATURE_SIZE))
            var key = [UInt8](repeating: 0, count: Int(ED25519_KEY_SIZE))
            nettle_ed25519_sha512_public_key(&key, secret)
            message.withUnsafeBytes { nettle_ed25519_sha512_sign(key, secret, $0.count, $0.baseAddress, &signature) }
            return signature
        case .ecdsaP256:
            let digest = Digest.of(message).bytes
            var r = [UInt8](repeating: 0, count: Self.size)
            var s = r
            _ = sealift_p256_sign(secret, digest.count, digest, &r, &s)
            return ECDSASignature.encode(r: r, s: s)
        }
    }
}
