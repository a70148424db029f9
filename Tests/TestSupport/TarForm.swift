/// Headers of tar byte by byte, right and wrong ones.
package enum TarForm {
    /// A member: header, content and padding. `size` is what the header says, where that is not the content's.
    package static func member(
        _ name: String, _ content: [UInt8] = [], type: Character = "0", size: [UInt8]? = nil, link: String = "",
        magic: String = "ustar\u{0}00", prefix: String = "", mode: String = "0000644", user: Int = 0, group: Int = 0,
        modified: Int = 0, device: (major: Int, minor: Int)? = nil
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Collection<UInt8>, at offset: Int) {
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        put(name.utf8.prefix(100), at: 0)
        put(mode.utf8, at: 100)
        put(octal(user).suffix(7), at: 108)
        put(octal(group).suffix(7), at: 116)
        put(octal(modified), at: 136)
        put(size ?? octal(content.count), at: 124)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        put(String(type).utf8, at: 156)
        put(link.utf8.prefix(100), at: 157)
        put(magic.utf8, at: 257)
        put(prefix.utf8.prefix(155), at: 345)
        if let device {
            put(octal(device.major).suffix(7), at: 329)
            put(octal(device.minor).suffix(7), at: 337)
        }
        put(Array(octal(header.reduce(0) { $0 + Int($1) }).suffix(6)) + [0, 0x20], at: 148)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    package static let end = [UInt8](repeating: 0, count: 1024)

    /// A pax header that gives the next member `records`.
    package static func pax(_ records: [(String, String)]) -> [UInt8] {
        let text = records.map { key, value in
            var length = key.utf8.count + value.utf8.count + 3
            while "\(length)".utf8.count + key.utf8.count + value.utf8.count + 3 != length { length += 1 }
            return "\(length) \(key)=\(value)\n"
        }.joined()
        return member("PaxHeaders/x", Array(text.utf8), type: "x")
    }

    /// GNU's header of the next member's long name.
    package static func longName(_ name: String) -> [UInt8] {
        member("././@LongLink", Array(name.utf8) + [0], type: "L", magic: "ustar  \u{0}")
    }

    /// Eleven octal digits.
    package static func octal(_ value: Int) -> [UInt8] {
        let digits = String(value, radix: 8)
        return Array((String(repeating: "0", count: 11 - digits.count) + digits).utf8)
    }

    /// GNU's form of large sizes.
    package static func binary(_ value: UInt64) -> [UInt8] {
        [0x80, 0, 0, 0] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}
