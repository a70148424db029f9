internal import Layers

/// A package's header as rpm's databases keep it: rpm's documentation, "RPM v4 file format", "Header structure".
enum RPMHeader {
    private enum Tag: UInt32 {
        case name = 1000
        case version = 1001
        case release = 1002
        case epoch = 1003
        case license = 1014
        case architecture = 1022
        case sourceRPM = 1044
    }

    private static let int32: UInt32 = 4
    private static let string: UInt32 = 6
    private static let entrySize = 16
    /// rpm's own limit on tags (`HEADER_TAGS_MAX`).
    private static let entryLimit: UInt32 = 1 << 16

    /// `nil`: a key that rpm keeps among the packages.
    static func read(_ bytes: [UInt8]) throws(ReadFault) -> FoundPackage? {
        let fields = BinaryFields(bytes: bytes, isBigEndian: true)
        let count: UInt32 = try fields.integer(at: 0)
        guard count <= entryLimit else { throw ReadFault("a header has \(count) entries") }
        let store = 8 + Int(count) * entrySize
        var texts: [Tag: String] = [:]
        for index in 0..<Int(count) {
            let entry = 8 + index * entrySize
            guard let tag = Tag(rawValue: try fields.integer(at: entry)) else { continue }
            guard texts[tag] == nil else { throw ReadFault("a header has an entry twice") }
            let offset = store + Int(try fields.integer(at: entry + 8, as: UInt32.self))
            switch try fields.integer(at: entry + 4, as: UInt32.self) {
            case string: texts[tag] = try fields.text(at: offset)
            case int32: texts[tag] = String(try fields.integer(at: offset, as: UInt32.self))
            default: throw ReadFault("a header's entry has another type than rpm gives it")
            }
        }
        guard let name = texts[.name], let version = texts[.version] else { throw ReadFault("a header without a name") }
        if name == "gpg-pubkey" { return nil }
        var package = FoundPackage(.rpm, name: name, version: texts[.release].map { "\(version)-\($0)" } ?? version)
        package.epoch = texts[.epoch]
        package.architecture = texts[.architecture].flatMap(FoundPackage.shortened)
        package.license = texts[.license].flatMap(FoundPackage.shortened)
        package.source = texts[.sourceRPM].flatMap(FoundPackage.shortened)
        return package
    }
}

/// rpm's database of installed packages, in whichever of its three forms.
enum RPMDatabase {
    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var damaged = 0
        let take: ([UInt8]) -> Void = { header in
            if reading.isFull { return }
            do throws(ReadFault) {
                if let package = try RPMHeader.read(header) { reading.packages.append(package) }
            } catch {
                damaged += 1
            }
        }
        do throws(ReadFault) {
            if bytes.starts(with: SQLiteTable.magic) {
                try SQLiteTable.blobs(of: "Packages", in: bytes, take)
            } else if bytes.starts(with: NDBPackages.magic) {
                try NDBPackages.blobs(in: bytes, take)
            } else {
                try BerkeleyHash.values(in: bytes, take)
            }
        } catch {
            reading.faults.append(error.reason)
        }
        if damaged > 0 { reading.faults.append("\(damaged) of its headers are damaged") }
        return reading
    }
}
