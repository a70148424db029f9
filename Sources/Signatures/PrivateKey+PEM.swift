extension PrivateKey {
    /// Why a PEM text gives no private key.
    package enum Refusal: Error, Hashable, Sendable {
        case malformed(KeyFault)
        case passphraseMissing
        case passphraseWrong
    }

    /// The private key of a PEM text: PKCS#8 (RFC 5958), or SEC 1 (RFC 5915) for P-256; protected only as PKCS#8.
    package init(pem text: String, passphrase: String?) throws(Refusal) {
        let block = try Self.checked { () throws(KeyFault) in try Self.block(of: text) }
        guard block.label == "ENCRYPTED PRIVATE KEY" else {
            self = try Self.checked { () throws(KeyFault) in try Self.plain(block) }
            return
        }
        let protection = try Self.checked { () throws(KeyFault) in try PassphraseProtection(decoding: block.bytes) }
        guard let passphrase else { throw .passphraseMissing }
        // Padding that happens to fit is no key yet: what is behind it tells.
        guard let bytes = protection.open(with: passphrase), let key = try? Self(pkcs8: bytes) else {
            throw .passphraseWrong
        }
        self = key
    }

    /// The key as PKCS#8 in PEM, protected where there is a passphrase.
    package func pem(passphrase: String?) -> String {
        guard let passphrase else { return PEMBlock(label: "PRIVATE KEY", bytes: pkcs8).text }
        return PEMBlock(label: "ENCRYPTED PRIVATE KEY", bytes: PassphraseProtection.seal(pkcs8, with: passphrase)).text
    }

    private static func checked<Value>(_ body: () throws(KeyFault) -> Value) throws(Refusal) -> Value {
        do throws(KeyFault) { return try body() } catch { throw .malformed(error) }
    }

    private static func block(of text: String) throws(KeyFault) -> PEMBlock {
        // openssl ecparam writes the curve's parameters before the key.
        let blocks = try PEMBlock.blocks(of: text).filter { $0.label != "EC PARAMETERS" }
        guard blocks.count == 1, let block = blocks.first else {
            throw KeyFault("it holds \(blocks.count) PEM blocks, not one private key")
        }
        return block
    }

    private static func plain(_ block: PEMBlock) throws(KeyFault) -> PrivateKey {
        switch block.label {
        case "PRIVATE KEY": return try PrivateKey(pkcs8: block.bytes)
        case "EC PRIVATE KEY":
            var reader = DERReader(block.bytes)
            let key = try reader.element(.sequence)
            try reader.end()
            return try PrivateKey(.ecdsaP256, sec1(key, curveIsKnown: false))
        case "PUBLIC KEY":
            throw KeyFault("it is a public key, which can't sign", hint: "name the private key that belongs to it")
        default: throw KeyFault("it holds a \(block.label), not a private key", hint: KeyType.supported)
        }
    }

    /// A OneAsymmetricKey; its attributes and its copy of the public key don't matter.
    private init(pkcs8 bytes: [UInt8]) throws(KeyFault) {
        var outer = DERReader(bytes)
        var info = DERReader(try outer.element(.sequence))
        try outer.end()
        guard try info.smallNumber() <= 1 else { throw KeyFault("it has a version of PKCS#8 that is not known") }
        var algorithm = DERReader(try info.element(.sequence))
        let identifier = try algorithm.element(.objectIdentifier)
        var key = DERReader(try info.element(.octetString))
        switch identifier {
        case ObjectIdentifier.ed25519:
            try self.init(.ed25519, key.element(.octetString))
        case ObjectIdentifier.ecPublicKey:
            guard try algorithm.optional(.objectIdentifier) == ObjectIdentifier.p256 else { throw Self.otherKind }
            try self.init(.ecdsaP256, Self.sec1(key.element(.sequence), curveIsKnown: true))
        default: throw Self.otherKind
        }
        try key.end()
    }

    /// The number of an ECPrivateKey.
    private static func sec1(_ bytes: [UInt8], curveIsKnown: Bool) throws(KeyFault) -> [UInt8] {
        var key = DERReader(bytes)
        guard try key.smallNumber() == 1 else { throw KeyFault("it has a version of SEC 1 that is not known") }
        let secret = try key.element(.octetString)
        if let parameters = try key.optional(.context0) {
            var curve = DERReader(parameters)
            guard try curve.optional(.objectIdentifier) == ObjectIdentifier.p256 else { throw otherKind }
        } else if !curveIsKnown {
            throw KeyFault("it does not name its curve", hint: KeyType.supported)
        }
        return secret
    }

    /// As `openssl pkey` writes it.
    private var pkcs8: [UInt8] {
        switch type {
        case .ed25519:
            return DER.sequence([
                DER.number(0), DER.sequence([DER.encode(.objectIdentifier, ObjectIdentifier.ed25519)]),
                DER.encode(.octetString, DER.encode(.octetString, secret)),
            ])
        case .ecdsaP256:
            let point = [0, PublicKey.uncompressed] + publicKey.bytes
            let key = DER.sequence([
                DER.number(1), DER.encode(.octetString, secret), DER.encode(.context1, DER.encode(.bitString, point)),
            ])
            let algorithm = [ObjectIdentifier.ecPublicKey, ObjectIdentifier.p256].map {
                DER.encode(.objectIdentifier, $0)
            }
            return DER.sequence([DER.number(0), DER.sequence(algorithm), DER.encode(.octetString, key)])
        }
    }

    private static let otherKind = KeyFault("it is a key of another kind", hint: KeyType.supported)
}
