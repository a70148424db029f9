internal import Layers

/// Reads the rows of one table of an SQLite database: sqlite.org, "Database File Format".
///
/// Every page is read at most once a chain, so a database whose pages lead in circles ends too.
struct SQLiteTable {
    static let magic = Array("SQLite format 3\0".utf8)
    private static let leafPage: UInt8 = 0x0D
    private static let interiorPage: UInt8 = 0x05

    private let fields: BinaryFields
    private let pageSize: Int
    /// Without the bytes at the end of each page that extensions reserve.
    private let usable: Int
    private var pageCount: Int { fields.count / pageSize }

    /// Calls `body` with the first blob of each row of `table`; throws where the database is damaged.
    static func blobs(of table: String, in bytes: [UInt8], _ body: ([UInt8]) -> Void) throws(ReadFault) {
        let database = try SQLiteTable(bytes)
        var root: Int?
        try database.rows(of: 1) { values in
            guard values.count >= 4, values[0].elementsEqual("table".utf8), values[1].elementsEqual(table.utf8) else {
                return
            }
            root = values[3].reduce(0) { $0 << 8 & 0xFFFF_FFFF | Int($1) }
        }
        guard let root else { throw ReadFault("the database has no table \(table)") }
        try database.rows(of: root) { values in
            // The key stands in the row's number, its column is empty.
            if values.count >= 2 { body(Array(values[1])) }
        }
    }

    private init(_ bytes: [UInt8]) throws(ReadFault) {
        fields = BinaryFields(bytes: bytes, isBigEndian: true)
        let written = Int(try fields.integer(at: 16, as: UInt16.self))
        pageSize = written == 1 ? 65536 : written
        guard pageSize >= 512, pageSize & (pageSize - 1) == 0 else { throw ReadFault("a page size of \(pageSize)") }
        usable = pageSize - Int(try fields.integer(at: 20, as: UInt8.self))
        guard usable >= 480 else { throw ReadFault("its pages have no room") }
    }

    /// Calls `body` with the values of each row of the tree that starts on page `root`, as they are stored.
    private func rows(of root: Int, _ body: ([ArraySlice<UInt8>]) -> Void) throws(ReadFault) {
        var pages = [root]
        var seen: Set<Int> = []
        // Cells may lead to the same bytes again and again; real rows together never hold more than the file.
        var left = fields.count
        while let page = pages.popLast() {
            guard (1...max(1, pageCount)).contains(page), seen.insert(page).inserted else {
                throw ReadFault("the database's pages lead to none, or in circles")
            }
            let base = (page - 1) * pageSize
            let header = page == 1 ? base + 100 : base
            let kind: UInt8 = try fields.integer(at: header)
            let cells = Int(try fields.integer(at: header + 3, as: UInt16.self))
            let pointers = header + (kind == Self.leafPage ? 8 : 12)
            var children: [Int] = []
            for cell in 0..<cells {
                let at = base + Int(try fields.integer(at: pointers + 2 * cell, as: UInt16.self))
                switch kind {
                case Self.leafPage: body(try values(of: payload(at: at, left: &left)))
                case Self.interiorPage: children.append(Int(try fields.integer(at: at, as: UInt32.self)))
                default: throw ReadFault("page \(page) is of kind \(kind), not of a table")
                }
            }
            if kind == Self.interiorPage {
                children.append(Int(try fields.integer(at: header + 8, as: UInt32.self)))
            }
            // Every page of a tree is led to once.
            guard pages.count + children.count <= pageCount else { throw ReadFault("its pages lead in circles") }
            pages += children.reversed()
        }
    }

    /// A row's record, what overflowed from its page included ("B-tree Pages").
    private func payload(at offset: Int, left: inout Int) throws(ReadFault) -> [UInt8] {
        var position = offset
        let size = try varint(&position)
        _ = try varint(&position)  // the row's number
        left -= size + 4  // with its size, number and place
        guard left >= 0 else { throw ReadFault("its rows are larger than it") }
        let most = usable - 35
        let least = (usable - 12) * 32 / 255 - 23
        let surplus = least + (size - least) % (usable - 4)
        let local = size <= most ? size : surplus <= most ? surplus : least
        var bytes = Array(try fields.slice(at: position, count: local))
        var next = size > local ? Int(try fields.integer(at: position + local, as: UInt32.self)) : 0
        while bytes.count < size {
            guard (1...max(1, pageCount)).contains(next) else { throw ReadFault("a row ends too early") }
            let base = (next - 1) * pageSize
            bytes += try fields.slice(at: base + 4, count: min(usable - 4, size - bytes.count))
            next = Int(try fields.integer(at: base, as: UInt32.self))
        }
        return bytes
    }

    /// The columns of a record ("Record Format").
    private func values(of record: [UInt8]) throws(ReadFault) -> [ArraySlice<UInt8>] {
        let row = SQLiteTable(row: record, like: self)
        var position = 0
        let headerSize = try row.varint(&position)
        guard headerSize <= record.count else { throw ReadFault("a row's header is larger than the row") }
        var offset = headerSize
        var values: [ArraySlice<UInt8>] = []
        // Those that are asked for are among the first.
        while position < headerSize, values.count < 5 {
            let type = try row.varint(&position)
            let integers = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0]
            let size = type < integers.count ? integers[type] : (type - 12) / 2
            values.append(try row.fields.slice(at: offset, count: size))
            offset += size
        }
        return values
    }

    private init(row: [UInt8], like database: SQLiteTable) {
        fields = BinaryFields(bytes: row, isBigEndian: true)
        pageSize = database.pageSize
        usable = database.usable
    }

    /// Seven bits a byte, the highest first; never negative here.
    private func varint(_ position: inout Int) throws(ReadFault) -> Int {
        var value: UInt64 = 0
        for index in 0..<9 {
            let byte: UInt8 = try fields.integer(at: position)
            position += 1
            if index == 8 {
                value = value << 8 | UInt64(byte)
                break
            }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte & 0x80 == 0 { break }
        }
        guard let value = Int(exactly: value), value < 1 << 48 else { throw ReadFault("a number out of range") }
        return value
    }
}
