/// Just enough of tar and gzip to make real layers in memory, always the same for the same input.
package enum Tar {
    /// An archive (POSIX ustar) of regular files.
    package static func archive(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var archive: [UInt8] = []
        for (name, bytes) in files {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at offset: Int) {
                header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
            }
            put(name, at: 0)
            put("0000755\0", at: 100)
            put("0000000\0", at: 108)
            put("0000000\0", at: 116)
            put(octal(bytes.count, width: 11) + "\0", at: 124)
            put(octal(0, width: 11) + "\0", at: 136)
            put("        ", at: 148)
            put("0", at: 156)
            put("ustar\u{0}00", at: 257)
            let sum = header.reduce(0) { $0 + Int($1) }
            put(octal(sum, width: 6) + "\0 ", at: 148)
            archive += header + bytes
            archive += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
        }
        return archive + [UInt8](repeating: 0, count: 1024)
    }

    /// A gzip member (RFC 1952) of stored blocks.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var start = 0
        repeat {
            let count = min(65535, bytes.count - start)
            let isLast: UInt8 = start + count == bytes.count ? 1 : 0
            member += [isLast] + little(UInt32(count)).prefix(2) + little(~UInt32(count)).prefix(2)
            member += bytes[start..<(start + count)]
            start += count
        } while start < bytes.count
        return member + little(crc32(bytes)) + little(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// A zstd frame (RFC 8878) of raw blocks, a single segment.
    package static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000] + little(UInt32(bytes.count))
        for start in stride(from: 0, to: bytes.count, by: 128 << 10) {
            let end = min(start + (128 << 10), bytes.count)
            frame += little(UInt32(end - start) << 3 | (end == bytes.count ? 1 : 0)).prefix(3) + bytes[start..<end]
        }
        return frame
    }

    private static func octal(_ value: Int, width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }
}
