internal import Layers

/// Looks for Go's build info in an ELF file while it streams by.
struct GoSearch {
    static let elfMagic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    private static let pieceSize = 64 << 10
    /// In the flags: the strings follow the header, as they do since Go 1.18.
    private static let isInline: UInt8 = 2

    private let file: Section
    private let size: Int64
    /// Where the reading is in the file.
    private var offset: Int64 { size - file.left }
    private var foundPointers = false

    /// Reads `file`, of which nothing was used so far, up to its build info or its end.
    static func run(_ file: Section) throws(ReadFault) -> Reading {
        var search = GoSearch(file: file, size: file.left)
        while try search.findMagic() {
            if let info = try search.info() { return Reading(packages: info.packages) }
            try search.align()
        }
        guard search.foundPointers else { return Reading() }
        return Reading(faults: ["a program of Go before 1.18, whose modules are not read"])
    }

    private init(file: Section, size: Int64) {
        self.file = file
        self.size = size
    }

    /// Goes to the next place that starts as build info does; `false` at the end.
    private func findMagic() throws(ReadFault) -> Bool {
        let wanted = GoBuildInfo.magic.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        while true {
            let piece = try file.look(ahead: Self.pieceSize)
            var position = 0
            while position + GoBuildInfo.alignment <= piece.count {
                if piece.loadUnaligned(fromByteOffset: position, as: UInt64.self) == wanted,
                    UnsafeRawBufferPointer(rebasing: piece[position...]).starts(with: GoBuildInfo.magic)
                {
                    file.advance(position)
                    return file.left >= Int64(GoBuildInfo.headerSize)
                }
                position += GoBuildInfo.alignment
            }
            guard position > 0 else { return false }
            file.advance(position)
        }
    }

    /// What stands behind the magic; `nil` where it only looks like it, or is of an older form.
    private mutating func info() throws(ReadFault) -> GoBuildInfo? {
        let header = try file.take(GoBuildInfo.headerSize)
        let (pointerSize, flags) = (header[14], header[15])
        guard flags & Self.isInline != 0 else {
            foundPointers = foundPointers || (flags <= 1 && (pointerSize == 4 || pointerSize == 8))
            return nil
        }
        guard let version = try text(), let modules = try text() else { return nil }
        return GoBuildInfo(version: version, modules: modules)
    }

    /// Its length in seven bits a byte, the lowest first, then its bytes; `nil` where that can't be.
    private func text() throws(ReadFault) -> [UInt8]? {
        var length = 0
        for shift in stride(from: 0, through: 21, by: 7) {
            guard file.left > 0, let byte = try file.take(1).first else { return nil }
            length |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                guard length <= GoBuildInfo.textLimit, length <= file.left else { return nil }
                return try file.take(length)
            }
        }
        return nil
    }

    private func align() throws(ReadFault) {
        let over = Int(offset % Int64(GoBuildInfo.alignment))
        let step = over == 0 ? 0 : min(Int64(GoBuildInfo.alignment - over), file.left)
        _ = try file.take(Int(step))
    }
}
