internal import FoundationEssentials

/// Any JSON value: what the Kubernetes API prints differs by kind and version, and nothing in it may be a crash or an
/// error just because it has another shape than expected.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The member `key`; `null` where there is none.
    package subscript(key: String) -> JSON {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    /// A string, or `nil`.
    package var string: String? { if case .string(let value) = self { value } else { nil } }

    /// A whole number, or `nil`.
    package var int: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }

    /// Whether it is `true`.
    package var isTrue: Bool { self == .bool(true) }

    /// The elements of an array; none for anything else.
    package var elements: [JSON] { if case .array(let values) = self { values } else { [] } }

    /// The members of an object; none for anything else.
    package var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }
}

extension JSON: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        // The most frequent first: a wrong guess costs an error that is thrown and dropped.
        if let container = try? decoder.container(keyedBy: Key.self) {  // not an object
            var members: [String: JSON] = [:]
            for key in container.allKeys { members[key.stringValue] = try container.decode(JSON.self, forKey: key) }
            self = .object(members)
        } else if var container = try? decoder.unkeyedContainer() {  // not an array
            var values: [JSON] = []
            while !container.isAtEnd { values.append(try container.decode(JSON.self)) }
            self = .array(values)
        } else {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(String.self) {  // not a string
                self = .string(value)
            } else if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {  // not a boolean
                self = .bool(value)
            } else {
                self = .number(try container.decode(Double.self))
            }
        }
    }
}

extension JSON {
    /// Reads one value after another, as kubectl prints several objects; `nil` where it can't be read.
    package static func documents(_ bytes: [UInt8]) -> [JSON]? {
        var documents: [JSON] = []
        for range in ranges(of: bytes) {
            // What is wrong is of no use to a reader: it was printed by a program, not by a person.
            guard let value = try? JSONDecoder().decode(JSON.self, from: Data(bytes[range])) else { return nil }
            documents.append(value)
        }
        return documents
    }

    /// Where each outermost object or array begins and ends.
    private static func ranges(of bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var depth = 0
        var inString = false
        var isEscaped = false
        for (index, byte) in bytes.enumerated() {
            if inString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    ranges.append(start..<(index + 1))
                    start = index + 1
                }
            default: break
            }
        }
        let rest = bytes[start...]
        if rest.contains(where: { $0 > UInt8(ascii: " ") }) { ranges.append(rest.indices) }
        return ranges
    }
}
