internal import Layers

/// Reads the values of a Berkeley DB hash database, versions 8 to 10: the layout of its `dbinc/db_page.h`.
///
/// What rpm's database was up to RHEL 8. Only pages of the kinds that such a database has are looked at.
struct BerkeleyHash {
    private static let magic: UInt32 = 0x0006_1561
    private static let headerSize = 26
    private static let hashPages: Set<UInt8> = [2, 13]
    private static let overflowPage: UInt8 = 7
    private static let keyData: UInt8 = 1
    private static let offPage: UInt8 = 3

    private let fields: BinaryFields
    private let pageSize: Int
    private var pageCount: Int { fields.count / pageSize }

    /// Calls `body` with each value but that of key 0, where rpm keeps a number of its own.
    static func values(in bytes: [UInt8], _ body: ([UInt8]) -> Void) throws(ReadFault) {
        let database = try BerkeleyHash(bytes)
        // Items may lead to the same pages again and again; real values together never hold more than the file.
        var left = bytes.count
        for page in 1..<max(1, database.pageCount) {
            let kind: UInt8 = try database.fields.integer(at: page * database.pageSize + 25)
            if hashPages.contains(kind) { try database.values(onPage: page, left: &left, body) }
        }
    }

    private init(_ bytes: [UInt8]) throws(ReadFault) {
        let little = BinaryFields(bytes: bytes)
        let big = BinaryFields(bytes: bytes, isBigEndian: true)
        if try little.integer(at: 12, as: UInt32.self) == Self.magic {
            fields = little
        } else if try big.integer(at: 12, as: UInt32.self) == Self.magic {
            fields = big
        } else {
            throw ReadFault("it is no database of a form that rpm has")
        }
        let version: UInt32 = try fields.integer(at: 16)
        guard (8...10).contains(version) else { throw ReadFault("a hash database of version \(version)") }
        pageSize = Int(try fields.integer(at: 20, as: UInt32.self))
        guard (512...65536).contains(pageSize), pageSize & (pageSize - 1) == 0 else {
            throw ReadFault("a page size of \(pageSize)")
        }
        guard try fields.integer(at: 24, as: UInt8.self) == 0 else { throw ReadFault("it is encrypted") }
    }

    private func values(
        onPage page: Int, left: inout Int, _ body: ([UInt8]) -> Void
    ) throws(ReadFault) {
        let base = page * pageSize
        let entries = Int(try fields.integer(at: base + 20, as: UInt16.self))
        // Keys and values take turns; what comes later on the page lies before.
        var end = pageSize
        var key: ArraySlice<UInt8>?
        for index in 0..<entries {
            let offset = Int(try fields.integer(at: base + Self.headerSize + 2 * index, as: UInt16.self))
            guard offset >= Self.headerSize, offset < end else { throw ReadFault("page \(page) is damaged") }
            let item = try fields.slice(at: base + offset, count: end - offset)
            end = offset
            guard index % 2 == 1 else {
                key = item.dropFirst()
                continue
            }
            if let key, !key.isEmpty, key.allSatisfy({ $0 == 0 }) { continue }
            switch item.first {
            case Self.keyData: body(Array(item.dropFirst()))
            case Self.offPage: body(try overflow(of: item.startIndex, left: &left))
            default: throw ReadFault("page \(page) has an item of an unknown kind")
            }
        }
    }

    /// A value on pages of its own.
    private func overflow(of item: Int, left: inout Int) throws(ReadFault) -> [UInt8] {
        var next = Int(try fields.integer(at: item + 4, as: UInt32.self))
        let size = Int(try fields.integer(at: item + 8, as: UInt32.self))
        left -= size
        guard left >= 0 else { throw ReadFault("its values are larger than it") }
        var bytes: [UInt8] = []
        while bytes.count < size {
            let base = next * pageSize
            guard (1..<max(2, pageCount)).contains(next),
                try fields.integer(at: base + 25, as: UInt8.self) == Self.overflowPage
            else { throw ReadFault("a value ends too early") }
            let count = Int(try fields.integer(at: base + 22, as: UInt16.self))
            guard count > 0, count <= pageSize - Self.headerSize else { throw ReadFault("page \(next) is damaged") }
            bytes += try fields.slice(at: base + Self.headerSize, count: min(count, size - bytes.count))
            next = Int(try fields.integer(at: base + 16, as: UInt32.self))
        }
        return bytes
    }
}
