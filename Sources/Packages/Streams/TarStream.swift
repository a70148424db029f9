/// A layer's tar, member by member.
///
/// Reads what container runtimes read: ustar, pax and GNU's forms of long names, large sizes and sparse files. Names are
/// taken as they are; whether they are safe is for who unpacks.
final class TarStream {
    /// The largest header of names or pax records that is read; as Go's archive/tar, which containerd unpacks with.
    static let headerLimit: Int64 = 1 << 20

    private let stream: ByteStream
    private var content: Section
    private var padding: Int64 = 0

    init(_ stream: ByteStream) {
        self.stream = stream
        content = Section(of: stream, count: 0)
    }

    /// Where in the tar the reading is.
    var position: Int64 { stream.position }

    /// The current member's bytes, as far as they were not used.
    var body: Section { content }

    /// The next member; `nil` at the end. What is left of the current one is skipped.
    func next() throws(ReadFault) -> TarEntry? {
        var longName: [UInt8]?
        var longLink: [UInt8]?
        var pax: PaxRecords?
        while true {
            try content.finish()
            try stream.skip(padding)
            padding = 0
            guard let header = try headerBlock() else { return nil }
            guard var size = header.size, size >= 0 else { throw ReadFault("a member has no size") }
            switch header.type {
            case UInt8(ascii: "L"): longName = try text(size)
            case UInt8(ascii: "K"): longLink = try text(size)
            case UInt8(ascii: "x"), UInt8(ascii: "X"): pax = try PaxRecords(special(size))
            case UInt8(ascii: "g"): begin(size)  // its defaults are for names and times that runtimes don't take either
            default:
                size = pax?.size ?? size
                guard size >= 0 else { throw ReadFault("a member has a negative size") }
                return try entry(
                    header, size: size, name: pax?.path ?? longName ?? header.name,
                    target: pax?.linkPath ?? longLink ?? header.linkName, isSparse: pax?.isSparse ?? false)
            }
        }
    }

    private func entry(
        _ header: TarHeaderBlock, size: Int64, name: [UInt8], target: [UInt8], isSparse: Bool
    ) throws(ReadFault) -> TarEntry {
        switch header.type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            begin(size)
            // Tars older than POSIX mark folders by their names alone.
            let isFolder = header.type == 0 && name.last == UInt8(ascii: "/")
            return TarEntry(name: name, kind: isFolder ? .other : isSparse ? .sparse : .file, size: size)
        case UInt8(ascii: "S"):
            var isContinued = header.isContinued
            while isContinued { isContinued = try stream.take(TarHeaderBlock.size)[504] != 0 }
            begin(size)
            return TarEntry(name: name, kind: .sparse, size: size)
        case UInt8(ascii: "1"):
            // Some tars state the target's size, and none has content here.
            return TarEntry(name: name, kind: .hardLink(target: target), size: 0)
        case UInt8(ascii: "2")...UInt8(ascii: "6"):
            return TarEntry(name: name, kind: .other, size: 0)
        default:
            begin(size)
            return TarEntry(name: name, kind: .other, size: size)
        }
    }

    private func begin(_ size: Int64) {
        content = Section(of: stream, count: size)
        padding = (512 - size % 512) % 512
    }

    /// The next header; `nil` at two blocks of zeros, at one, or at the end of the bytes, as tars are ended in practice.
    private func headerBlock() throws(ReadFault) -> TarHeaderBlock? {
        let offset = stream.position
        guard try !stream.look(ahead: 1).isEmpty else {
            if offset == 0 { throw ReadFault("it is empty") }
            return nil
        }
        let bytes = try stream.take(TarHeaderBlock.size)
        if bytes.allSatisfy({ $0 == 0 }) { return nil }
        guard let header = TarHeaderBlock(bytes) else {
            throw ReadFault(offset == 0 ? "it is not a tar" : "no tar header where one must be")
        }
        return header
    }

    private func text(_ size: Int64) throws(ReadFault) -> [UInt8] {
        Array(try special(size).prefix { $0 != 0 })
    }

    private func special(_ size: Int64) throws(ReadFault) -> [UInt8] {
        guard size <= Self.headerLimit else { throw ReadFault("a header of \(size) bytes") }
        begin(size)
        let bytes = try stream.take(Int(size))
        content = Section(of: stream, count: 0)
        return bytes
    }
}
