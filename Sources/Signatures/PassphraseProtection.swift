internal import CNettle

/// A private key under a passphrase: PKCS#8's EncryptedPrivateKeyInfo with PBES2 (RFC 8018, 6.2), of PBKDF2 and AES in
/// CBC mode, as `openssl pkcs8 -topk8` writes it.
struct PassphraseProtection {
    private enum PseudoRandom: UInt8 {
        /// The last byte of their object identifiers.
        case sha1 = 7
        case sha256 = 9
        case sha384 = 10
        case sha512 = 11
    }

    private var salt: [UInt8]
    private var iterations: Int
    private var pseudoRandom: PseudoRandom
    private var keySize: Int
    private var start: [UInt8]
    private var sealed: [UInt8]

    private static let blockSize = Int(AES_BLOCK_SIZE)
    /// OWASP's figure of 2023 for PBKDF2 with SHA-256: about a quarter of a second.
    private static let usualIterations = 600_000
    /// Beyond this a file would keep the machine busy for minutes.
    private static let mostIterations = 100_000_000
    /// AES' object identifiers, by key size.
    private static let ciphers: [(size: Int, number: UInt8)] = [(16, 2), (24, 22), (32, 42)]

    /// Takes an EncryptedPrivateKeyInfo apart; throws where it is protected in another way.
    init(decoding bytes: [UInt8]) throws(KeyFault) {
        var outer = DERReader(bytes)
        var info = DERReader(try outer.element(.sequence))
        try outer.end()
        var algorithm = DERReader(try info.element(.sequence))
        sealed = try info.element(.octetString)
        try info.end()
        guard try algorithm.element(.objectIdentifier) == ObjectIdentifier.pbes2 else { throw Self.otherWay }
        var parameters = DERReader(try algorithm.element(.sequence))
        var derivation = DERReader(try parameters.element(.sequence))
        var cipher = DERReader(try parameters.element(.sequence))
        guard try derivation.element(.objectIdentifier) == ObjectIdentifier.pbkdf2 else { throw Self.otherWay }
        var settings = DERReader(try derivation.element(.sequence))
        salt = try settings.element(.octetString)
        iterations = try settings.smallNumber()
        guard (1...Self.mostIterations).contains(iterations) else {
            throw KeyFault("its passphrase is to be hashed \(iterations) times")
        }
        pseudoRandom = .sha1  // the default of RFC 8018
        if !settings.isAtEnd {
            _ = try settings.optional(.integer)  // the key's size, which the cipher tells, too
            if let function = try settings.optional(.sequence) { pseudoRandom = try Self.pseudoRandom(function) }
        }
        let identifier = try cipher.element(.objectIdentifier)
        guard let found = Self.ciphers.first(where: { ObjectIdentifier.aesCBC($0.number) == identifier }) else {
            throw Self.otherWay
        }
        keySize = found.size
        start = try cipher.element(.octetString)
        guard start.count == Self.blockSize, !sealed.isEmpty, sealed.count % Self.blockSize == 0 else {
            throw KeyFault("its protected part is damaged")
        }
    }

    /// What is under the passphrase; `nil` where another one is needed.
    func open(with passphrase: String) -> [UInt8]? {
        var bytes = sealed
        sealift_aes_cbc(1, keySize, key(passphrase), start, bytes.count, &bytes)
        // RFC 8018, 6.1.1: as many bytes of padding as each of them says.
        guard let last = bytes.last, (1...Self.blockSize).contains(Int(last)),
            bytes.suffix(Int(last)).allSatisfy({ $0 == last })
        else { return nil }
        return Array(bytes.dropLast(Int(last)))
    }

    /// `bytes` under `passphrase`, as an EncryptedPrivateKeyInfo.
    static func seal(_ bytes: [UInt8], with passphrase: String) -> [UInt8] {
        var salt = [UInt8](repeating: 0, count: 16)
        var start = [UInt8](repeating: 0, count: blockSize)
        sealift_random(nil, salt.count, &salt)
        sealift_random(nil, start.count, &start)
        let padding = blockSize - bytes.count % blockSize
        let padded = bytes + [UInt8](repeating: UInt8(padding), count: padding)
        var protection = PassphraseProtection(salt: salt, start: start, sealed: padded)
        sealift_aes_cbc(0, protection.keySize, protection.key(passphrase), start, padded.count, &protection.sealed)
        return protection.encoded
    }

    private init(salt: [UInt8], start: [UInt8], sealed: [UInt8]) {
        self.salt = salt
        self.start = start
        self.sealed = sealed
        iterations = Self.usualIterations
        pseudoRandom = .sha256
        keySize = 32
    }

    private var encoded: [UInt8] {
        let number = Self.ciphers.first { $0.size == keySize }?.number ?? 0
        let function = DER.sequence([
            DER.encode(.objectIdentifier, ObjectIdentifier.hmac(pseudoRandom.rawValue)), DER.encode(.null, []),
        ])
        let derivation = DER.sequence([
            DER.encode(.objectIdentifier, ObjectIdentifier.pbkdf2),
            DER.sequence([DER.encode(.octetString, salt), DER.number(iterations), function]),
        ])
        let cipher = DER.sequence([
            DER.encode(.objectIdentifier, ObjectIdentifier.aesCBC(number)), DER.encode(.octetString, start),
        ])
        let algorithm = DER.sequence([
            DER.encode(.objectIdentifier, ObjectIdentifier.pbes2), DER.sequence([derivation, cipher]),
        ])
        return DER.sequence([algorithm, DER.encode(.octetString, sealed)])
    }

    private func key(_ passphrase: String) -> [UInt8] {
        let secret = Array(passphrase.utf8)
        let derive =
            switch pseudoRandom {
            case .sha1: nettle_pbkdf2_hmac_sha1
            case .sha256: nettle_pbkdf2_hmac_sha256
            case .sha384: nettle_pbkdf2_hmac_sha384
            case .sha512: nettle_pbkdf2_hmac_sha512
            }
        var key = [UInt8](repeating: 0, count: keySize)
        derive(secret.count, secret, UInt32(iterations), salt.count, salt, key.count, &key)
        return key
    }

    private static func pseudoRandom(_ bytes: [UInt8]) throws(KeyFault) -> PseudoRandom {
        var reader = DERReader(bytes)
        let identifier = try reader.element(.objectIdentifier)
        guard let number = identifier.last, ObjectIdentifier.hmac(number) == identifier,
            let function = PseudoRandom(rawValue: number)
        else { throw otherWay }
        return function
    }

    private static let otherWay = KeyFault(
        "its passphrase protects it in a way that is not supported",
        hint: "openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW-FILE gives the form that is read here")
}
