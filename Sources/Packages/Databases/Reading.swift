internal import Layers

/// What a file that tells of packages gave.
struct Reading {
    /// One more than are listed of a whole layer.
    static let packageLimit = Findings.packageLimit + 1

    var packages: [FoundPackage] = []
    /// What in it could not be read.
    var faults: [String] = []
    /// More packages would not be listed anyway.
    var isFull: Bool { packages.count >= Self.packageLimit }
}

/// Fields of others' binary files, every access within bounds.
struct BinaryFields {
    let bytes: [UInt8]
    var isBigEndian = false

    var count: Int { bytes.count }

    /// The integer at `offset`; throws where it isn't whole inside.
    func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) throws(ReadFault) -> Value
    {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, offset <= bytes.count - size else { throw ReadFault("it ends within a field") }
        let raw = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
        return isBigEndian ? Value(bigEndian: raw) : Value(littleEndian: raw)
    }

    /// `count` bytes at `offset`; throws where they aren't whole inside.
    func slice(at offset: Int, count: Int) throws(ReadFault) -> ArraySlice<UInt8> {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            throw ReadFault("it ends within a field")
        }
        return bytes[offset..<offset + count]
    }

    /// The bytes from `offset` to the next zero; throws where there is none within 64 KiB.
    func text(at offset: Int) throws(ReadFault) -> String {
        guard offset >= 0, offset < bytes.count, let end = bytes[offset...].prefix(1 << 16).firstIndex(of: 0) else {
            throw ReadFault("it ends within a text")
        }
        return String(decoding: bytes[offset..<end], as: UTF8.self)
    }
}

/// The lines of a text, one at a time: all of them at once would take many times the memory of the text.
struct TextLines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Without its line break, of either form.
    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.count else { return nil }
        let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
        defer { position = end + 1 }
        let line = bytes[position..<end]
        return line.last == 0x0D ? line.dropLast() : line
    }
}

/// Lines of `key: value`, in paragraphs with empty lines between them.
///
/// The form of dpkg's status (deb822), apk's database, Python's METADATA and Java's manifests, which differ in what a
/// line means that goes on with the one before.
struct FieldLines {
    /// What follows a line break and a space.
    enum Continuation {
        /// More lines of a long text that nobody here wants.
        case ignored
        /// The rest of a word that was broken at 72 bytes (JAR File Specification, "Name-Value pairs").
        case joined
    }

    /// Calls `body` for each paragraph with the values of `keys`, the first of each.
    static func paragraphs(
        of bytes: [UInt8], keys: Set<String>, continuation: Continuation = .ignored,
        _ body: ([String: String]) -> Bool
    ) {
        var fields: [String: String] = [:]
        var isEmpty = true
        var open: String?
        for line in TextLines(bytes) {
            if line.isEmpty {
                if !isEmpty, !body(fields) { return }
                (fields, isEmpty, open) = ([:], true, nil)
                continue
            }
            isEmpty = false
            if line.first == 0x20 || line.first == 0x09 {
                if continuation == .joined, let open, let value = fields[open], value.utf8.count < 4096 {
                    fields[open] = value + String(decoding: line.dropFirst(), as: UTF8.self)
                }
                continue
            }
            open = nil
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon - line.startIndex < 64 else { continue }
            let key = String(decoding: line[..<colon], as: UTF8.self)
            guard keys.contains(key), fields[key] == nil else { continue }
            fields[key] = String(decoding: line[line.index(after: colon)...].drop { $0 == 0x20 }, as: UTF8.self)
            open = key
        }
        if !isEmpty { _ = body(fields) }
    }
}
