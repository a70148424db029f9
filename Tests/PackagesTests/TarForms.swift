/// Headers of tar byte by byte, right and wrong ones.
enum TarForm {
    /// A member: header, content and padding. `size` is what the header says, where that is not the content's.
    static func member(
        _ name: String, _ content: [UInt8] = [], type: Character = "0", size: [UInt8]? = nil, link: String = "",
        magic: String = "ustar\u{0}00", prefix: String = ""
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Collection<UInt8>, at offset: Int) {
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        put(name.utf8.prefix(100), at: 0)
        put("0000644\0".utf8, at: 100)
        put(size ?? octal(content.count), at: 124)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        put(String(type).utf8, at: 156)
        put(link.utf8.prefix(100), at: 157)
        put(magic.utf8, at: 257)
        put(prefix.utf8.prefix(155), at: 345)
        put(Array(octal(header.reduce(0) { $0 + Int($1) }).suffix(6)) + [0, 0x20], at: 148)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    static let end = [UInt8](repeating: 0, count: 1024)

    /// A pax header that gives the next member `records`.
    static func pax(_ records: [(String, String)]) -> [UInt8] {
        let text = records.map { key, value in
            var length = key.utf8.count + value.utf8.count + 3
            while "\(length)".utf8.count + key.utf8.count + value.utf8.count + 3 != length { length += 1 }
            return "\(length) \(key)=\(value)\n"
        }.joined()
        return member("PaxHeaders/x", Array(text.utf8), type: "x")
    }

    /// GNU's header of the next member's long name.
    static func longName(_ name: String) -> [UInt8] {
        member("././@LongLink", Array(name.utf8) + [0], type: "L", magic: "ustar  \u{0}")
    }

    /// Eleven octal digits.
    static func octal(_ value: Int) -> [UInt8] {
        let digits = String(value, radix: 8)
        return Array((String(repeating: "0", count: 11 - digits.count) + digits).utf8)
    }

    /// GNU's form of large sizes.
    static func binary(_ value: UInt64) -> [UInt8] {
        [0x80, 0, 0, 0] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}
