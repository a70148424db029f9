internal import CNettle
package import FoundationEssentials
package import OCI

/// A key that checks signatures: a point that is known to be on its curve, or 32 bytes of Ed25519.
package struct PublicKey: Hashable, Sendable {
    package let type: KeyType
    /// Ed25519: the key. P-256: x and y.
    let bytes: [UInt8]

    static let coordinateSize = Int(SEALIFT_P256_SIZE)

    /// Ed25519: 32 bytes. P-256: 64, x and y. `nil` where they are no key of that kind.
    init?(_ type: KeyType, _ bytes: [UInt8]) {
        switch type {
        case .ed25519: guard bytes.count == Int(ED25519_KEY_SIZE) else { return nil }
        case .ecdsaP256:
            guard bytes.count == 2 * Self.coordinateSize,
                sealift_p256_is_point(Array(bytes[..<Self.coordinateSize]), Array(bytes[Self.coordinateSize...])) != 0
            else { return nil }
        }
        self.type = type
        self.bytes = bytes
    }

    /// The key of a PEM text that holds one `PUBLIC KEY` and nothing else.
    package init(pem text: String) throws(KeyFault) {
        let blocks = try PEMBlock.blocks(of: text)
        guard blocks.count == 1, let block = blocks.first else {
            throw KeyFault("it holds \(blocks.count) PEM blocks", hint: "put each public key into a file of its own")
        }
        switch block.label {
        case "PUBLIC KEY": self = try Self(subjectPublicKeyInfo: block.bytes)
        case "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
            throw KeyFault(
                "it is a private key, which only whoever signs may have",
                hint: "its public half is made with openssl pkey -in FILE -pubout")
        case "CERTIFICATE":
            throw KeyFault(
                "it is a certificate", hint: "its key is taken out with openssl x509 -in FILE -pubkey -noout")
        default: throw KeyFault("it holds a \(block.label), not a PUBLIC KEY", hint: KeyType.supported)
        }
    }

    /// A key's SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 5480, RFC 8410).
    private init(subjectPublicKeyInfo bytes: [UInt8]) throws(KeyFault) {
        for type in KeyType.allCases where bytes.starts(with: Self.prefix(of: type)) {
            guard let key = Self(type, Array(bytes.dropFirst(Self.prefix(of: type).count))) else {
                throw KeyFault("it is damaged: there is no such \(type.rawValue) key")
            }
            self = key
            return
        }
        throw KeyFault("it is a key of another kind or form", hint: KeyType.supported)
    }

    /// The key's SubjectPublicKeyInfo, in DER.
    var subjectPublicKeyInfo: [UInt8] { Self.prefix(of: type) + bytes }

    /// The key as PEM.
    package var pem: String { PEMBlock(label: "PUBLIC KEY", bytes: subjectPublicKeyInfo).text }

    /// By what people compare keys: SHA-256 of the SubjectPublicKeyInfo, as
    /// `openssl pkey -pubin -in FILE -outform DER | sha256sum` gives it.
    package var fingerprint: Digest { Digest.of(Data(subjectPublicKeyInfo)) }

    /// Whether `signature` is this key's over `message`: for Ed25519 the 64 bytes of RFC 8032, for P-256 in DER
    /// (RFC 3279, 2.2.3).
    package func isSignature(_ signature: [UInt8], over message: Data) -> Bool {
        switch type {
        case .ed25519:
            return signature.count == Int(ED25519_SIGNATURE_SIZE)
                && message.withUnsafeBytes {
                    nettle_ed25519_sha512_verify(bytes, $0.count, $0.baseAddress, signature) != 0
                }
        case .ecdsaP256:
            guard let (r, s) = ECDSASignature.decode(signature) else { return false }
            let digest = Digest.of(message).bytes
            return sealift_p256_verify(
                Array(bytes[..<Self.coordinateSize]), Array(bytes[Self.coordinateSize...]), digest.count, digest, r, s)
                != 0
        }
    }

    /// What stands before the key's own bytes in its SubjectPublicKeyInfo: algorithm, and the string's head.
    private static func prefix(of type: KeyType) -> [UInt8] {
        switch type {
        case .ed25519: [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03] + ObjectIdentifier.ed25519 + [0x03, 0x21, 0x00]
        case .ecdsaP256:
            [0x30, 0x59, 0x30, 0x13, 0x06, 0x07] + ObjectIdentifier.ecPublicKey + [0x06, 0x08] + ObjectIdentifier.p256
                + [0x03, 0x42, 0x00, uncompressed]
        }
    }

    /// The mark of a point with both coordinates (SEC 1, 2.3.3).
    static let uncompressed: UInt8 = 0x04
}

/// An ECDSA signature's two numbers, 32 bytes each, and their DER form.
enum ECDSASignature {
    static func decode(_ der: [UInt8]) -> (r: [UInt8], s: [UInt8])? {
        do throws(KeyFault) {
            var outer = DERReader(der)
            var inner = DERReader(try outer.element(.sequence))
            let (r, s) = (try inner.number(), try inner.number())
            guard inner.isAtEnd, outer.isAtEnd, max(r.count, s.count) <= PublicKey.coordinateSize else { return nil }
            return (padded(r), padded(s))
        } catch {
            return nil
        }
    }

    static func encode(r: [UInt8], s: [UInt8]) -> [UInt8] { DER.sequence([DER.number(r), DER.number(s)]) }

    /// `number` with zeros before it.
    static func padded(_ number: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: PublicKey.coordinateSize - number.count) + number
    }
}
