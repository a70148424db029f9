internal import Layers

/// Reads the blobs of rpm's own database form, `Packages.db`: the layout of rpm's `lib/backend/ndb/rpmpkg.c`.
enum NDBPackages {
    static let magic = Array("RpmP".utf8)
    private static let slotMagic = Array("Slot".utf8)
    private static let blobMagic = Array("BlbS".utf8)
    private static let pageSize = 4096
    private static let slotSize = 16
    /// The file's header takes the place of the first two slots.
    private static let headerSlots = 2
    private static let blockSize = 16
    private static let blobHeaderSize = 16

    /// Calls `body` with each blob; throws where the database is damaged.
    static func blobs(in bytes: [UInt8], _ body: ([UInt8]) -> Void) throws(ReadFault) {
        let fields = BinaryFields(bytes: bytes)
        let version: UInt32 = try fields.integer(at: 4)
        guard version == 0 else { throw ReadFault("a database of version \(version)") }
        let pages = Int(try fields.integer(at: 12, as: UInt32.self))
        guard pages <= fields.count / pageSize else { throw ReadFault("more slots than it has bytes") }
        // Slots may lead to the same blob again and again; together real ones never hold more than the file.
        var left = fields.count
        for slot in headerSlots..<max(headerSlots, pages * pageSize / slotSize) {
            let at = slot * slotSize
            guard try fields.slice(at: at, count: 4).elementsEqual(slotMagic) else {
                throw ReadFault("slot \(slot) is damaged")
            }
            let index: UInt32 = try fields.integer(at: at + 4)
            guard index != 0 else { continue }
            let offset = Int(try fields.integer(at: at + 8, as: UInt32.self)) * blockSize
            guard try fields.slice(at: offset, count: 4).elementsEqual(blobMagic),
                try fields.integer(at: offset + 4, as: UInt32.self) == index
            else { throw ReadFault("slot \(slot) leads to no package") }
            let count = Int(try fields.integer(at: offset + 12, as: UInt32.self))
            left -= count
            guard left >= 0 else { throw ReadFault("its packages are larger than it") }
            body(Array(try fields.slice(at: offset + blobHeaderSize, count: count)))
        }
    }
}
