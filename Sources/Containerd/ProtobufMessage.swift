/// A received message, for those who want only some of its fields.
struct ProtobufMessage {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Calls `body` with every field, known or not.
    func forEach(
        _ body: (_ number: Int, _ value: ProtobufValue) throws(MalformedMessage) -> Void
    ) throws(MalformedMessage) {
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() { try body(number, value) }
    }

    /// Every message in the repeated field `number`.
    func messages(_ number: Int) throws(MalformedMessage) -> [ProtobufMessage] {
        var found: [ProtobufMessage] = []
        try forEach { (field, value) throws(MalformedMessage) in
            if field == number { found.append(ProtobufMessage(try value.message())) }
        }
        return found
    }

    /// The message in field `number`, which must be there.
    func message(_ number: Int) throws(MalformedMessage) -> ProtobufMessage {
        guard let last = try messages(number).last else {
            throw MalformedMessage(reason: "field \(number) is missing")
        }
        return last
    }
}
