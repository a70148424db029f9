/// A layer's tar, member by member.
///
/// Reads what container runtimes read: ustar, pax and GNU's forms of long names, large sizes and sparse files. Names are
/// taken as they are; whether they are safe is for who unpacks.
package final class TarStream {
    /// The largest header of names or pax records that is read; as Go's archive/tar, which containerd unpacks with.
    package static let headerLimit: Int64 = 1 << 20

    private let stream: ByteStream
    private var content: Section
    private var padding: Int64 = 0

    package init(_ stream: ByteStream) {
        self.stream = stream
        content = Section(of: stream, count: 0)
    }

    /// Where in the tar the reading is.
    package var position: Int64 { stream.position }

    /// Why other readers of tar may find one more member at the end; `nil` where none does.
    package private(set) var oddityAtEnd: String?

    /// The current member's bytes, as far as they were not used.
    package var body: Section { content }

    /// The next member; `nil` at the end. What is left of the current one is skipped.
    package func next() throws(ReadFault) -> TarEntry? {
        var longName: [UInt8]?
        var longLink: [UInt8]?
        var pax = PaxRecords()
        var oddity: String?
        while true {
            try content.finish()
            try stream.skip(padding)
            padding = 0
            guard let header = try headerBlock() else {
                oddityAtEnd = oddity
                return nil
            }
            guard let size = header.size, size >= 0 else { throw ReadFault("a member has no size") }
            switch header.type {
            case UInt8(ascii: "L"): longName = try text(size)
            case UInt8(ascii: "K"): longLink = try text(size)
            case UInt8(ascii: "x"): pax = try PaxRecords(special(size))
            case UInt8(ascii: "X"):
                pax = try PaxRecords(special(size))
                oddity = "it has a pax header of Solaris' type"
            case UInt8(ascii: "g"):
                // Its defaults are for names and times that runtimes don't take either.
                begin(size)
                oddity = "it has a global pax header"
            default:
                if header.deviceMajor == nil || header.deviceMinor == nil, header.format == .posix {
                    oddity = "its device has no number"
                }
                oddity = oddity ?? pax.oddity
                if longName != nil || longLink != nil, !pax.values.isEmpty { oddity = "it has two kinds of long names" }
                return try entry(header, pax, name: longName, target: longLink, oddity)
            }
        }
    }

    private func entry(
        _ header: TarHeaderBlock, _ pax: PaxRecords, name longName: [UInt8]?, target longLink: [UInt8]?,
        _ oddity: String?
    ) throws(ReadFault) -> TarEntry {
        let name = pax.path ?? longName ?? header.name
        let size = pax.size ?? header.size ?? 0
        guard size >= 0 else { throw ReadFault("a member has a negative size") }
        let kind = try kind(header, pax, name: name, target: pax.linkPath ?? longLink ?? header.linkName)
        let hasContent: Bool
        switch kind {
        case .file, .sparse, .other: hasContent = true
        // Some tars state a link's target's size, and none has content here. Tars older than POSIX mark folders by
        // their names alone, and content is skipped there.
        case .folder: hasContent = header.type == 0
        case .hardLink, .symbolicLink, .characterDevice, .blockDevice, .fifo: hasContent = false
        }
        if hasContent { begin(size) }
        // A contiguous file, which POSIX has readers take for a plain one.
        let oddity = oddity ?? (header.type == UInt8(ascii: "7") ? "it is a member of type 7" : nil)
        return TarEntry(
            name: name, kind: kind, size: hasContent ? size : 0, header: header, pax: pax, oddity: oddity)
    }

    private func kind(
        _ header: TarHeaderBlock, _ pax: PaxRecords, name: [UInt8], target: [UInt8]
    ) throws(ReadFault) -> TarEntry.Kind {
        switch header.type {
        case 0 where name.last == UInt8(ascii: "/"): return .folder
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): return pax.isSparse ? .sparse : .file
        case UInt8(ascii: "1"): return .hardLink(target: target)
        case UInt8(ascii: "2"): return .symbolicLink(target: target)
        case UInt8(ascii: "3"): return .characterDevice
        case UInt8(ascii: "4"): return .blockDevice
        case UInt8(ascii: "5"): return .folder
        case UInt8(ascii: "6"): return .fifo
        case UInt8(ascii: "S"):
            var isContinued = header.isContinued
            while isContinued { isContinued = try stream.take(TarHeaderBlock.size)[504] != 0 }
            return .sparse
        case let type: return .other(type: type)
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
