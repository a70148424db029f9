/// Reads DER (X.690) strictly: lengths and numbers in their one shortest form, nothing left over.
struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(Array(bytes)) }

    /// The content of the next element, which must be of kind `tag`.
    mutating func element(_ tag: DER.Tag) throws(KeyFault) -> [UInt8] {
        guard let content = try optional(tag) else {
            throw KeyFault("its DER has another element where \(tag) must be")
        }
        return content
    }

    /// The content of the next element if it is of kind `tag`; `nil`, and nothing is read, if it is not.
    mutating func optional(_ tag: DER.Tag) throws(KeyFault) -> [UInt8]? {
        guard rest.first == tag.rawValue else { return nil }
        rest.removeFirst()
        guard var count = rest.popFirst().map({ Int($0) }) else { throw Self.cut }
        if count >= 0x80 {
            let digits = rest.prefix(count & 0x7F)
            guard (1...3).contains(count & 0x7F), digits.count == count & 0x7F, digits.first != 0 else {
                throw Self.cut
            }
            rest = rest.dropFirst(digits.count)
            count = digits.reduce(0) { $0 << 8 | Int($1) }
            guard count >= 0x80 else { throw Self.cut }
        }
        guard rest.count >= count else { throw Self.cut }
        let content = rest.prefix(count)
        rest = rest.dropFirst(count)
        return Array(content)
    }

    /// The next element, a number that is not negative, most significant byte first and without leading zeros.
    mutating func number() throws(KeyFault) -> [UInt8] {
        let bytes = try element(.integer)
        guard let first = bytes.first, first < 0x80, bytes.count == 1 || first != 0 || bytes[1] >= 0x80 else {
            throw KeyFault("its DER has a number in another form than the shortest")
        }
        return Array(bytes.drop { $0 == 0 })
    }

    /// The next element, a small number.
    mutating func smallNumber() throws(KeyFault) -> Int {
        let bytes = try number()
        guard bytes.count <= 4 else { throw KeyFault("its DER has a number that is too large") }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// Whether everything was read.
    var isAtEnd: Bool { rest.isEmpty }

    /// Throws where something is left over.
    func end() throws(KeyFault) {
        guard isAtEnd else { throw KeyFault("its DER goes on after its end") }
    }

    private static let cut = KeyFault("its DER is cut off or has an impossible length")
}

/// Writes DER, and names what both ways use.
enum DER {
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case octetString = 0x04
        case null = 0x05
        case objectIdentifier = 0x06
        case sequence = 0x30
        /// `[0]`, constructed.
        case context0 = 0xA0
        /// `[1]`, constructed.
        case context1 = 0xA1
    }

    static func encode(_ tag: Tag, _ content: [UInt8]) -> [UInt8] {
        var digits: [UInt8] = []
        var count = content.count
        while count > 0 {
            digits.insert(UInt8(count & 0xFF), at: 0)
            count >>= 8
        }
        let length = content.count < 0x80 ? [UInt8(content.count)] : [0x80 | UInt8(digits.count)] + digits
        return [tag.rawValue] + length + content
    }

    static func sequence(_ parts: [[UInt8]]) -> [UInt8] { encode(.sequence, parts.flatMap { $0 }) }

    /// A number that is not negative, most significant byte first.
    static func number(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        return encode(.integer, (digits.first ?? 0x80) >= 0x80 ? [0] + digits : digits)
    }

    static func number(_ value: Int) -> [UInt8] {
        number((0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) })
    }
}

/// Object identifiers, as the content of their DER element.
enum ObjectIdentifier {
    /// 1.3.101.112 (RFC 8410).
    static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    /// 1.2.840.10045.2.1 (RFC 5480).
    static let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    /// 1.2.840.10045.3.1.7, also called secp256r1 and prime256v1.
    static let p256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    /// 1.2.840.113549.1.5.13 (RFC 8018, A.4).
    static let pbes2: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D]
    /// 1.2.840.113549.1.5.12 (RFC 8018, A.2).
    static let pbkdf2: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C]
    /// 1.2.840.113549.2.x (RFC 8018, B.1): x is the last byte.
    static func hmac(_ number: UInt8) -> [UInt8] { [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, number] }
    /// 2.16.840.1.101.3.4.1.x (RFC 8018, B.2.5): x is the last byte.
    static func aesCBC(_ number: UInt8) -> [UInt8] { [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, number] }
}
