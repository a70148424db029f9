/// A member of a layer's tar, as its headers describe it.
package struct TarEntry {
    /// What a member is.
    package enum Kind {
        case file
        /// To a file of the same tar.
        case hardLink(target: [UInt8])
        case symbolicLink(target: [UInt8])
        case folder
        case characterDevice
        case blockDevice
        case fifo
        /// Only the parts that are no holes are in the tar; its bytes are not those of the file.
        case sparse
        /// A type that neither POSIX nor GNU tar gives a file.
        case other(type: UInt8)
    }

    /// As written, in bytes: tar states no encoding.
    package var name: [UInt8]
    package var kind: Kind
    /// How many bytes follow the header, padding not counted.
    package var size: Int64
    /// The block with everything that ``pax`` doesn't state.
    package var header: TarHeaderBlock
    package var pax: PaxRecords
    /// Why other readers of tar may take the member for something else; `nil` where all agree.
    package var oddity: String?
}

/// The fields of a header block: POSIX.1 "ustar Interchange Format", and GNU tar's "Basic Tar Format".
package struct TarHeaderBlock {
    package static let size = 512
    private let bytes: [UInt8]

    /// `nil` unless the block's checksum is right.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let written = Self.octal(bytes[148..<156])
        // The checksum's own field counts as spaces.
        var unsigned = 8 * 0x20
        var negative = 0
        for byte in bytes[..<148] {
            unsigned += Int(byte)
            negative += Int(byte >> 7)
        }
        for byte in bytes[156...] {
            unsigned += Int(byte)
            negative += Int(byte >> 7)
        }
        let signed = unsigned - 256 * negative
        // Old tars added up signed characters.
        guard written == Int64(unsigned) || written == Int64(signed) else { return nil }
    }

    /// The dialects, by what stands where POSIX has its magic number.
    package enum Format {
        case old, posix, gnu
        /// J. Schilling's, which has times of its own in the place of POSIX' prefix.
        case star
    }

    var type: UInt8 { bytes[156] }

    var size: Int64? { Self.number(bytes[124..<136]) }

    package var format: Format {
        if bytes[257..<263].elementsEqual("ustar\0".utf8) {
            return bytes[508..<512].elementsEqual("tar\0".utf8) ? .star : .posix
        }
        return bytes[257..<265].elementsEqual("ustar  \0".utf8) ? .gnu : .old
    }

    // The following are `nil` where the field is no number.
    package var mode: Int64? { Self.number(bytes[100..<108]) }
    package var userID: Int64? { Self.number(bytes[108..<116]) }
    package var groupID: Int64? { Self.number(bytes[116..<124]) }
    /// Seconds since 1970.
    package var modified: Int64? { Self.number(bytes[136..<148]) }
    package var deviceMajor: Int64? { Self.number(bytes[329..<337]) }
    package var deviceMinor: Int64? { Self.number(bytes[337..<345]) }

    /// What stands behind the fields that all formats share: times and sparse maps in GNU's and star's.
    package var isRestEmpty: Bool { bytes[345...].allSatisfy { $0 == 0 } }

    var linkName: [UInt8] { Self.text(bytes[157..<257]) }

    /// The name, after ustar's prefix where there is one; GNU's header has other things in its place.
    var name: [UInt8] {
        let name = Self.text(bytes[0..<100])
        guard bytes[257..<263].elementsEqual("ustar\0".utf8) else { return name }
        let prefix = Self.text(bytes[345..<500])
        return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }

    /// GNU's sparse header says whether more of its map follows in blocks of its own.
    var isContinued: Bool { bytes[482] != 0 }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Octal digits, or, with the highest bit set, a big-endian number (GNU).
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first, first & 0x80 != 0 else { return octal(field) }
        guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
        let value = field.dropFirst().suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(exactly: value)
    }

    /// As Go's archive/tar: spaces and zeros around the digits don't count, and nothing else may follow them.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int64? {
        var digits = field.drop { $0 == 0x20 || $0 == 0 }
        while let last = digits.last, last == 0x20 || last == 0 { digits.removeLast() }
        var value: Int64 = 0
        for digit in digits.prefix(while: { $0 != 0 }) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit), value < 1 << 59 else { return nil }
            value = value << 3 | Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }
}

/// The records of a pax header: POSIX.1 "pax Extended Header".
package struct PaxRecords {
    /// The last of equal keys counts.
    package private(set) var values: [String: [UInt8]] = [:]

    /// Why other readers of tar may refuse the records, or take them for something else.
    private(set) var oddity: String?

    /// No records.
    init() {}

    /// Throws where a record's length is not that of the record.
    init(_ bytes: [UInt8]) throws(ReadFault) {
        var rest = bytes[...]
        while let first = rest.first {
            guard first != 0 else {
                oddity = "zero bytes follow its pax records"
                break
            }
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let length = Int(String(decoding: digits.prefix(10), as: UTF8.self)), digits.count < 10,
                length > digits.count + 2, length <= rest.count, rest.dropFirst(digits.count).first == 0x20,
                rest.prefix(length).last == 0x0A
            else { throw ReadFault("a pax record has not the length that it states") }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw ReadFault("a pax record has no '='")
            }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            let value = Array(record[record.index(after: equals)...])
            if !Self.isPlain(key, value) { oddity = "its pax record \(key) is out of the ordinary" }
            values[key] = value
        }
    }

    /// Whether no reader stumbles over a record that this one takes: Go's archive/tar wants numbers in fields that
    /// nobody asks for, and no zeros in names.
    private static func isPlain(_ key: String, _ value: [UInt8]) -> Bool {
        switch key {
        case "": false
        case "size": value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        case "ctime": value.allSatisfy { (UInt8(ascii: "-")...UInt8(ascii: "9")).contains($0) && $0 != 0x2F }
        case "uname", "gname": !value.contains(0)
        default: !key.utf8.contains(0) && !key.hasPrefix("GNU.sparse.")
        }
    }

    var path: [UInt8]? { values["GNU.sparse.name"] ?? text("path") }
    var linkPath: [UInt8]? { text("linkpath") }
    var size: Int64? { text("size").flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }
    var isSparse: Bool { values.keys.contains { $0.hasPrefix("GNU.sparse.") } }

    /// A value; one that is empty takes the one of the header's back (POSIX.1, pax, "Keyword Precedence").
    package func text(_ key: String) -> [UInt8]? { values[key].flatMap { $0.isEmpty ? nil : $0 } }
}
