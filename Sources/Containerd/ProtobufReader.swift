/// What breaks the wire format of protocol buffers, or the schema that we expect.
struct MalformedMessage: Error, Hashable {
    let reason: String
}

/// The value of a field as the wire has it.
enum ProtobufValue: Hashable {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
}

/// Reads the fields of a message one after the other; whatever the bytes are, it returns or throws.
///
/// Encoding: protobuf.dev/programming-guides/encoding. Groups, which proto3 hasn't got, are refused.
struct ProtobufReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The bytes that are not read yet.
    var count: Int { rest.count }

    /// The next field; `nil` at the end of the message.
    mutating func next() throws(MalformedMessage) -> (number: Int, value: ProtobufValue)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        guard let number = Int(exactly: key >> 3), (1...0x1FFF_FFFF).contains(number) else {
            throw MalformedMessage(reason: "a field has the impossible number \(key >> 3)")
        }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            guard let count = Int(exactly: try varint()) else {
                throw MalformedMessage(reason: "field \(number) is longer than its message")
            }
            return (number, .bytes(try take(count, of: number)))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw MalformedMessage(reason: "field \(number) has the unknown wire type \(key & 7)")
        }
    }

    private mutating func varint() throws(MalformedMessage) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw MalformedMessage(reason: "it ends inside a number") }
            let bits = UInt64(byte & 0x7F)
            guard shift < 63 || bits <= 1 else { break }
            value |= bits << shift
            if byte < 0x80 { return value }
        }
        throw MalformedMessage(reason: "a number has more than 64 bits")
    }

    private mutating func fixed(_ count: Int) throws(MalformedMessage) -> UInt64 {
        guard rest.count >= count else { throw MalformedMessage(reason: "it ends inside a number") }
        let value = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(count)
        return value
    }

    private mutating func take(_ count: Int, of number: Int) throws(MalformedMessage) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw MalformedMessage(reason: "field \(number) is longer than its message") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

extension ProtobufValue {
    /// A length-delimited field: a message, or bytes.
    func message() throws(MalformedMessage) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = self else { throw MalformedMessage(reason: "a number where bytes are expected") }
        return bytes
    }

    func string() throws(MalformedMessage) -> String {
        guard let text = String(validating: try message(), as: UTF8.self) else {
            throw MalformedMessage(reason: "a text that isn't UTF-8")
        }
        return text
    }

    func integer() throws(MalformedMessage) -> Int64 {
        guard case .varint(let value) = self else { throw MalformedMessage(reason: "bytes where a number is expected") }
        return Int64(bitPattern: value)
    }

    /// One entry of a `map<string, string>`: a message with a key, 1, and a value, 2.
    func entry() throws(MalformedMessage) -> (key: String, value: String) {
        var entry = (key: "", value: "")
        var fields = ProtobufReader(try message())
        while let (number, value) = try fields.next() {
            switch number {
            case 1: entry.key = try value.string()
            case 2: entry.value = try value.string()
            default: break
            }
        }
        return entry
    }
}
