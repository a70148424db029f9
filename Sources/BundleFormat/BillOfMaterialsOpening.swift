package import OCI

/// How a bundle's bill of materials begins: CycloneDX 1.6 in JSON.
///
/// The bytes hold the digest of the bundle's `index.json`, so a reader can tell whose bill it is by comparing them, before
/// anything in it is parsed.
package enum BillOfMaterialsOpening {
    /// The first bytes of the bill of the bundle whose `index.json` has the digest `index`.
    ///
    /// The serial number is a UUID of version 8 (RFC 9562, 5.8) of the digest's first bytes: a bundle has one bill.
    package static func opening(index: Digest) -> [UInt8] {
        let text = #"""
            {"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:\#(uuid(of: index))","version":1,
            """# + #""metadata":{"component":{"bom-ref":"\#(index)""#
        return Array(text.utf8)
    }

    private static func uuid(of index: Digest) -> String {
        // Version 8 and the variant of RFC 9562 take the place of six bits.
        let digits = Array(index.hex.utf8.prefix(32))
        let variant = Array("89ab".utf8)[Int(index.bytes[8] >> 2) & 3]
        func text(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        return "\(text(0..<8))-\(text(8..<12))-8\(text(13..<16))-"
            + "\(Character(Unicode.Scalar(variant)))\(text(17..<20))-\(text(20..<32))"
    }
}
