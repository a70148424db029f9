package import FoundationEssentials

/// A JSON document of the image specification, and the very bytes that it was read from.
///
/// Digests are of bytes: a document is carried as it came and never encoded again.
package struct Document<Value: Sendable>: Sendable {
    package let bytes: Data
    package let value: Value
    package let descriptor: Descriptor

    init(bytes: Data, value: Value, mediaType: MediaType, algorithm: Digest.Algorithm) {
        self.bytes = bytes
        self.value = value
        descriptor = Descriptor(
            mediaType: mediaType, digest: .of(bytes, algorithm: algorithm), size: Int64(bytes.count))
    }
}

extension Document where Value: DocumentValue {
    /// Decodes `bytes`; throws ``Malformed`` when they are not a valid document of this kind.
    ///
    /// - Parameters:
    ///   - bytes: the document as it came.
    ///   - mediaType: what the descriptor or the registry called it; must agree with what the document says of itself.
    ///   - algorithm: the algorithm that the document is known by.
    /// - Throws: ``Malformed`` with the rule that the bytes break.
    package init(bytes: Data, mediaType: MediaType, algorithm: Digest.Algorithm = .sha256) throws(Malformed) {
        try Value.precheck(bytes)
        let value: Value = try decodeJSON(bytes, as: Value.subject)
        try value.validate(as: mediaType)
        self.init(bytes: bytes, value: value, mediaType: mediaType, algorithm: algorithm)
    }

    /// A document of our own making, encoded once, here; equal values give equal bytes.
    package init(encoding value: Value, mediaType: MediaType) throws where Value: Encodable {
        self.init(bytes: try encodeJSON(value), value: value, mediaType: mediaType, algorithm: .sha256)
    }
}

/// What a ``Document`` can hold.
package protocol DocumentValue: Decodable, Sendable {
    /// What errors call it.
    static var subject: String { get }
    /// Throws ``Malformed`` where the bytes can't be of this kind, whatever else is in them: of another schema, say.
    static func precheck(_ bytes: Data) throws(Malformed)
    /// Throws ``Malformed`` where the value breaks a rule of its specification that its types don't state.
    func validate(as mediaType: MediaType) throws(Malformed)
}

extension DocumentValue {
    package static func precheck(_ bytes: Data) throws(Malformed) {}
}

/// Decodes `bytes` as JSON; throws ``Malformed`` that names the field which could not be read.
///
/// Bounded, whatever the bytes: at most 262,144 values, 64 levels deep, and no key twice in one object.
package func decodeJSON<Value: Decodable>(_ bytes: Data, as subject: String) throws(Malformed) -> Value {
    try JSONOutline.check(bytes, as: subject)
    do {
        return try JSONDecoder().decode(Value.self, from: bytes)
    } catch let error as Malformed {
        throw error
    } catch let error as DecodingError {
        throw Malformed(subject, String(decoding: bytes.prefix(80), as: UTF8.self), breaks: error.fieldAndReason)
    } catch {
        throw Malformed(subject, String(decoding: bytes.prefix(80), as: UTF8.self), breaks: "not valid JSON")
    }
}

/// Encodes with sorted keys and unescaped slashes: digests depend on every byte of the result.
package func encodeJSON(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}

extension DecodingError {
    fileprivate var fieldAndReason: String {
        switch self {
        case .keyNotFound(let key, let context): "\(Self.path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): "\(Self.path(context.codingPath)) has the wrong type"
        case .valueNotFound(_, let context): "\(Self.path(context.codingPath)) is null"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "not valid JSON" : "\(Self.path(context.codingPath)) can't be read"
        @unknown default: "can't be decoded"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }
}
