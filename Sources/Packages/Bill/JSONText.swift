/// JSON in the order in which it is written, without space between its parts (RFC 8259).
struct JSONText {
    private(set) var bytes: [UInt8]
    private var needsComma: Bool

    /// Goes on behind `opening`, which ends with a member of an object.
    init(after opening: [UInt8]) {
        bytes = opening
        needsComma = true
    }

    /// Ends the object that `opening` began.
    mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// An object, as a member of the name `key` or as an element.
    mutating func object(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
        begin(key, "{")
        body(&self)
        endObject()
    }

    /// An array, as a member of the name `key`; nothing where it would be empty.
    mutating func array<Elements: Collection>(
        _ key: String, _ elements: Elements, _ body: (inout JSONText, Elements.Element) -> Void
    ) {
        guard !elements.isEmpty else { return }
        begin(key, "[")
        for element in elements { body(&self, element) }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// A member, or an element where `key` is `nil`; nothing where there is no text.
    mutating func text(_ key: String? = nil, _ text: String?) {
        guard let text else { return }
        separate(key)
        quote(text)
        needsComma = true
    }

    /// Ends the document with a line break, as texts end.
    mutating func endLine() { bytes.append(0x0A) }

    private mutating func begin(_ key: String?, _ bracket: Unicode.Scalar) {
        separate(key)
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func separate(_ key: String?) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        guard let key else { return }
        quote(key)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case ..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
