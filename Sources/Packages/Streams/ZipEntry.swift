internal import Layers

/// An entry of a zip archive, as the header before its content describes it: PKWARE's APPNOTE, 4.3.7.
struct ZipEntry {
    static let headerSize = 30
    /// Compression methods: APPNOTE, 4.4.5.
    static let stored: UInt16 = 0
    static let deflated: UInt16 = 8

    var name: [UInt8]
    var method: UInt16
    var isEncrypted: Bool
    /// Its sizes follow its content (APPNOTE, 4.3.9).
    var hasDescriptor: Bool
    /// `nil` where only the descriptor tells.
    var compressedSize: Int64?

    var isFolder: Bool { name.last == UInt8(ascii: "/") }

    /// Reads the header that `stream` is at.
    init(_ stream: ByteStream) throws(ReadFault) {
        let header = BinaryFields(bytes: try stream.take(Self.headerSize))
        let flags: UInt16 = try header.integer(at: 6)
        method = try header.integer(at: 8)
        isEncrypted = flags & 1 != 0
        hasDescriptor = flags & 8 != 0
        let sizes = try (
            header.integer(at: 18, as: UInt32.self), header.integer(at: 22, as: UInt32.self)
        )
        name = try stream.take(Int(header.integer(at: 26, as: UInt16.self)))
        let extra = BinaryFields(bytes: try stream.take(Int(header.integer(at: 28, as: UInt16.self))))
        compressedSize = Int64(sizes.0)
        if sizes.0 == .max || sizes.1 == .max {
            compressedSize = try Self.largeSize(extra, after: sizes.1 == .max ? 8 : 0) ?? compressedSize
        }
        // Zero is what stands there until the size is known.
        if hasDescriptor, compressedSize == 0 { compressedSize = nil }
    }

    /// The compressed size of the Zip64 extra field: APPNOTE, 4.5.3.
    private static func largeSize(_ extra: BinaryFields, after skipped: Int) throws(ReadFault) -> Int64? {
        var position = 0
        while position + 4 <= extra.count {
            let kind: UInt16 = try extra.integer(at: position)
            let size = Int(try extra.integer(at: position + 2, as: UInt16.self))
            if kind == 1 {
                guard size >= skipped + 8 else { return nil }
                let value: UInt64 = try extra.integer(at: position + 4 + skipped)
                guard let value = Int64(exactly: value) else { throw ReadFault("an entry with an impossible size") }
                return value
            }
            position += 4 + size
        }
        return nil
    }
}
