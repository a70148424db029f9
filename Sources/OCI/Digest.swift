/// The digest of some content: an algorithm and its lowercase hexadecimal value.
///
/// Grammar: image-spec 1.1, descriptor.md, "Digests". Only the registered algorithms are accepted, so a `Digest` is
/// always safe as a file name and always something that `DigestHasher` can compute.
package struct Digest: Hashable, Sendable {
    /// The registered algorithms of the image specification.
    package enum Algorithm: String, Sendable, CaseIterable {
        case sha256
        case sha512

        /// The number of hexadecimal characters in a value.
        package var hexLength: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    package let algorithm: Algorithm
    /// Lowercase hexadecimal, exactly `algorithm.hexLength` characters.
    package let hex: String

    /// Parses `algorithm:hex`; throws ``Malformed`` with the clause that the text breaks.
    package init(parsing text: some StringProtocol) throws(Malformed) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw Malformed("digest", text, breaks: "expected ALGORITHM:HEX (image-spec descriptor.md, Digests)")
        }
        guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
            throw Malformed(
                "digest", text,
                breaks: "the algorithm must be sha256 or sha512 (image-spec descriptor.md, Registered Algorithms)")
        }
        try self.init(algorithm: algorithm, hex: text[text.utf8.index(after: colon)...])
    }

    /// A digest of `algorithm` whose value is `hex`; throws ``Malformed`` unless it is lowercase and of the right length.
    package init(algorithm: Algorithm, hex: some StringProtocol) throws(Malformed) {
        guard hex.utf8.count == algorithm.hexLength else {
            throw Malformed(
                "digest", "\(algorithm.rawValue):\(hex)",
                breaks: "\(algorithm.rawValue) takes exactly \(algorithm.hexLength) hexadecimal characters")
        }
        guard hex.utf8.allSatisfy(Self.isLowercaseHex) else {
            throw Malformed(
                "digest", "\(algorithm.rawValue):\(hex)",
                breaks: "the value must be lowercase hexadecimal (image-spec descriptor.md, SHA-256)")
        }
        self.algorithm = algorithm
        self.hex = String(hex)
    }

    /// Trusted construction from a hash function's own output.
    init(algorithm: Algorithm, bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(algorithm.hexLength)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.algorithm = algorithm
        self.hex = String(decoding: text, as: UTF8.self)
    }

    /// The value as bytes.
    package var bytes: [UInt8] {
        let digits = hex.utf8.map { $0 >= UInt8(ascii: "a") ? $0 - UInt8(ascii: "a") + 10 : $0 - UInt8(ascii: "0") }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The first twelve hexadecimal characters, for tables and progress lines.
    package var short: String { String(hex.prefix(12)) }

    private static func isLowercaseHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension Digest: CustomStringConvertible {
    /// The wire form, `algorithm:hex`.
    package var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Comparable {
    package static func < (left: Digest, right: Digest) -> Bool {
        (left.algorithm.rawValue, left.hex) < (right.algorithm.rawValue, right.hex)
    }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
