/// Builds a message field by field, in the order of the calls.
///
/// As proto3 asks for, fields that have their default value (empty, 0, false) are left out.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ number: Int, _ text: String) {
        if !text.isEmpty { add(number, bytes: text.utf8) }
    }

    mutating func add(_ number: Int, _ value: Int64) {
        guard value != 0 else { return }
        key(number, wireType: 0)
        varint(UInt64(bitPattern: value))
    }

    mutating func add(_ number: Int, _ value: Bool) { add(number, value ? 1 : 0) }

    /// A nested message; written even where it is empty, since its presence may matter.
    mutating func add(_ number: Int, _ message: (inout ProtobufWriter) -> Void) {
        var nested = ProtobufWriter()
        message(&nested)
        add(number, bytes: nested.bytes)
    }

    /// A repeated text; empty elements count.
    mutating func add(_ number: Int, _ texts: [String]) {
        for text in texts { add(number, bytes: text.utf8) }
    }

    /// A `map<string, string>`, ordered by key so that equal maps give equal bytes.
    mutating func add(_ number: Int, _ map: [String: String]) {
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            add(number) { entry in
                entry.add(1, key)
                entry.add(2, value)
            }
        }
    }

    /// The head of a `bytes` field whose `count` bytes the caller sends after this message's own.
    mutating func addHead(_ number: Int, count: Int) {
        key(number, wireType: 2)
        varint(UInt64(count))
    }

    private mutating func add(_ number: Int, bytes field: some Collection<UInt8>) {
        addHead(number, count: field.count)
        bytes += field
    }

    private mutating func key(_ number: Int, wireType: UInt64) { varint(UInt64(number) << 3 | wireType) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
