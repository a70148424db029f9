extension JSON {
    /// Reads one value after another, as kubectl prints several objects; `nil` where the text is not JSON (RFC 8259).
    package static func documents(_ bytes: [UInt8]) -> [JSON]? {
        bytes.withUnsafeBytes { buffer in
            var reader = JSONReader(bytes: buffer)
            var documents: [JSON] = []
            do throws(JSONReader.Malformed) {
                while reader.skipSpace() != nil { documents.append(try reader.value()) }
                return documents
            } catch {
                return nil
            }
        }
    }
}

/// Reads JSON into ``JSON``.
///
/// Not JSONDecoder: guessing each value's type with it takes seconds for a megabyte, and what a namespace holds is
/// looked at every two seconds.
private struct JSONReader {
    struct Malformed: Error {}

    let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0

    /// Deeper than what Kubernetes accepts as a custom object.
    private static let depthLimit = 256

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next byte that is no white space, which stays; `nil` at the end.
    mutating func skipSpace() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    mutating func value() throws(Malformed) -> JSON {
        switch skipSpace() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw Malformed()
        default: return try number()
        }
    }

    private mutating func object() throws(Malformed) -> JSON {
        try enter()
        var members: [String: JSON] = [:]
        if try take(UInt8(ascii: "}")) { return leave(.object(members)) }
        while true {
            guard skipSpace() == UInt8(ascii: "\"") else { throw Malformed() }
            let key = try string()
            guard try take(UInt8(ascii: ":")) else { throw Malformed() }
            members[key] = try value()
            if try take(UInt8(ascii: "}")) { return leave(.object(members)) }
            guard try take(UInt8(ascii: ",")) else { throw Malformed() }
        }
    }

    private mutating func array() throws(Malformed) -> JSON {
        try enter()
        var values: [JSON] = []
        if try take(UInt8(ascii: "]")) { return leave(.array(values)) }
        while true {
            values.append(try value())
            if try take(UInt8(ascii: "]")) { return leave(.array(values)) }
            guard try take(UInt8(ascii: ",")) else { throw Malformed() }
        }
    }

    private mutating func enter() throws(Malformed) {
        position += 1
        depth += 1
        guard depth <= Self.depthLimit else { throw Malformed() }
    }

    private mutating func leave(_ value: JSON) -> JSON {
        depth -= 1
        return value
    }

    /// Takes `byte` if it is the next one after white space; the end of the text is malformed.
    private mutating func take(_ byte: UInt8) throws(Malformed) -> Bool {
        guard let next = skipSpace() else { throw Malformed() }
        if next == byte { position += 1 }
        return next == byte
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Malformed) -> JSON {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[position..<end].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        else { throw Malformed() }
        position = end
        return value
    }

    private mutating func number() throws(Malformed) -> JSON {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
                continue
            default: break
            }
            break
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else { throw Malformed() }
        return .number(value)
    }

    /// Reads a string; the position is at its opening quote.
    private mutating func string() throws(Malformed) -> String {
        position += 1
        var start = position
        var text = ""
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                text += String(decoding: bytes[start..<position], as: UTF8.self)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text += String(decoding: bytes[start..<position], as: UTF8.self)
                position += 1
                text.unicodeScalars.append(try escape())
                start = position
            case ..<0x20: throw Malformed()
            default: position += 1
            }
        }
        throw Malformed()
    }

    /// Reads what follows a backslash.
    private mutating func escape() throws(Malformed) -> Unicode.Scalar {
        guard position < bytes.count else { throw Malformed() }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw Malformed()
        }
    }

    /// Reads four hexadecimal digits, and four more for the second half of a pair; half a pair becomes U+FFFD.
    private mutating func unicodeEscape() throws(Malformed) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        position += 2
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else { return "\u{FFFD}" }
        return UTF16.decode((first, second))
    }

    private mutating func codeUnit() throws(Malformed) -> UInt16 {
        guard position + 4 <= bytes.count else { throw Malformed() }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw Malformed() }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}

extension UTF16 {
    /// A lead and a trail surrogate as one scalar.
    fileprivate static func decode(_ pair: (first: UInt16, second: UInt16)) -> Unicode.Scalar {
        let value = 0x10000 + (UInt32(pair.first & 0x3FF) << 10 | UInt32(pair.second & 0x3FF))
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}
