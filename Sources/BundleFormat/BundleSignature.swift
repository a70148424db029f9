package import FoundationEssentials
package import OCI
package import Signatures
internal import SystemPackage

/// The signature over a bundle's `index.json`, from which every other byte hangs by digest.
///
/// The member `index.json.sig` holds it as one line of base64, which `base64 -d` and `cosign` take: ECDSA's in DER, or
/// the 64 bytes of Ed25519.
package struct BundleSignature: Hashable, Sendable {
    /// The member's name; it stands right after `index.json`.
    package static let member = "index.json.sig"
    /// The most bytes that the member may have; ours have less than half of that.
    static let limit: Int64 = 256

    package let bytes: [UInt8]

    /// Signs `index`, the bytes of `index.json`.
    package init(of index: Data, by key: PrivateKey) throws(KeyFault) { bytes = try key.sign(index) }

    /// Reads the member; `nil` where it is not in the one form that ``encoded`` has.
    package init?(decoding member: Data) {
        let text = String(decoding: member, as: UTF8.self)
        guard text.hasSuffix("\n"), let bytes = Data(base64Encoded: String(text.dropLast())), !bytes.isEmpty else {
            return nil
        }
        self.bytes = Array(bytes)
        guard encoded == member else { return nil }
    }

    /// The member's content.
    package var encoded: Data { Data((Data(bytes).base64EncodedString() + "\n").utf8) }
}

/// What is known of a bundle's signature.
package enum SignatureStanding: Hashable, Sendable {
    /// There is none.
    case unsigned
    /// There is one, and nobody's key was at hand: it proves nothing.
    case unchecked
    /// It was made by this key.
    case made(by: TrustedKey)

    /// The fingerprint of the key that made it; `nil` where that is not known.
    package var fingerprint: Digest? {
        if case .made(let key) = self { key.key.fingerprint } else { nil }
    }
}

extension SignatureStanding: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsigned: "not signed"
        case .unchecked: "signed, not checked: no key"
        case .made(let key): "signed by \(key)"
        }
    }
}

/// For results that scripts read: `state` is `none`, `unchecked` or `checked`.
extension SignatureStanding: Encodable {
    private enum CodingKeys: String, CodingKey {
        case state, key, file
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .unsigned: try container.encode("none", forKey: .state)
        case .unchecked: try container.encode("unchecked", forKey: .state)
        case .made(let key):
            try container.encode("checked", forKey: .state)
            try container.encode(key.key.fingerprint, forKey: .key)
            try container.encode(key.path.string, forKey: .file)
        }
    }
}
