internal import FoundationEssentials

/// A look over JSON before it is decoded: what a decoder would take for hours or gigabytes, or read in two ways, is
/// refused here.
///
/// Only that is looked at; whether it is JSON at all (RFC 8259) is the decoder's to say.
struct JSONOutline {
    /// The most values and keys that a document has. An image of 128 layers has some 2,000.
    static let valueLimit = 1 << 18
    /// How deep objects and arrays lie in each other; those of the image specification need 5.
    static let depthLimit = 64

    private let subject: String
    private var values = 0
    /// The keys of every object around the current place; `nil` for an array.
    private var levels: [Set<String>?] = []
    /// Whether the next string of the current object is a key.
    private var expectsKey = false

    /// Throws ``Malformed`` where `bytes` hold too much, lie too deep, or have a key twice in one object.
    static func check(_ bytes: Data, as subject: String) throws(Malformed) {
        var outline = JSONOutline(subject: subject)
        var failure: Malformed?
        bytes.withUnsafeBytes { bytes in
            do throws(Malformed) { try outline.scan(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private init(subject: String) { self.subject = subject }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(Malformed) {
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let end = Self.end(ofStringAt: position, in: bytes)
                if expectsKey { try take(key: UnsafeRawBufferPointer(rebasing: bytes[position..<end])) }
                position = end
                continue
            case UInt8(ascii: "{"): try open([])
            case UInt8(ascii: "["): try open(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = levels.popLast()
                expectsKey = false
            case UInt8(ascii: ","):
                try count()
                expectsKey = levels.last.map { $0 != nil } ?? false
            case UInt8(ascii: ":"): try count()
            case 0: throw Malformed(subject, "\0", breaks: "JSON must be UTF-8 (RFC 8259, 8.1)")
            default: break
            }
            position += 1
        }
    }

    private mutating func open(_ keys: Set<String>?) throws(Malformed) {
        try count()
        levels.append(keys)
        expectsKey = keys != nil
        guard levels.count <= Self.depthLimit else {
            throw Malformed(subject, "[[[{{{", breaks: "it is more than \(Self.depthLimit) levels deep")
        }
    }

    private mutating func count() throws(Malformed) {
        values += 1
        guard values <= Self.valueLimit else {
            throw Malformed(subject, ",,,", breaks: "it has more than \(Self.valueLimit) values")
        }
    }

    private mutating func take(key: UnsafeRawBufferPointer) throws(Malformed) {
        expectsKey = false
        var text = String(decoding: key.dropFirst().dropLast(), as: UTF8.self)
        if key.contains(UInt8(ascii: "\\")) {
            // try?: one that can't be read is the decoder's to refuse.
            text = (try? JSONDecoder().decode(String.self, from: Data(key))) ?? text
        }
        guard levels[levels.count - 1]?.insert(text).inserted ?? true else {
            throw Malformed(subject, text, breaks: "it is there twice in one object, which can be read in two ways")
        }
    }

    /// Where the string ends whose opening quote is at `start`, or the bytes do.
    private static func end(ofStringAt start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        var position = start + 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""): return position + 1
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return bytes.count
    }
}
