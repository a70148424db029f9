internal import FoundationEssentials
internal import SystemPackage
internal import Tarball

/// Frames and checksums are sound; the tar inside is not what a bundle has.
extension HostileArchive {
    private static func tar(
        _ name: String, _ complaint: String,
        _ change: @escaping @Sendable (inout [SampleBundle.Member]) throws -> Void
    ) -> HostileArchive {
        HostileArchive(name, complaint) { path in
            var members = try SampleBundle().members()
            try change(&members)
            try SampleBundle.reframe(members, to: path)
        }
    }

    private static func link(_ type: Character, _ name: String) throws -> SampleBundle.Member {
        var member = try SampleBundle.Member(name, Data())
        member.header[156] = type.asciiValue ?? 0
        member.header.replaceSubrange(157..<168, with: "/etc/passwd".utf8)
        member.header = checksummed(member.header)
        return member
    }

    private static func checksummed(_ block: [UInt8]) -> [UInt8] {
        var block = block
        let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        let octal = String(sum, radix: 8)
        let digits = String(repeating: "0", count: 6 - octal.count) + octal
        block.replaceSubrange(148..<156, with: Array(digits.utf8) + [0, 0x20])
        return block
    }

    /// Declares another size than the member has, in binary as GNU tar does where octal digits don't suffice.
    private static func declare(_ size: Int64, in member: inout SampleBundle.Member) throws {
        var field = [UInt8](repeating: 0, count: 12)
        field[0] = 0x80
        withUnsafeBytes(of: size.bigEndian) { field.replaceSubrange(4..., with: $0) }
        member.header.replaceSubrange(124..<136, with: field)
        member.header = checksummed(member.header)
    }

    /// A member whose name libarchive would not write.
    private static func named(_ name: String) throws -> SampleBundle.Member {
        var member = try SampleBundle.Member("x", Data())
        member.header.replaceSubrange(0..<name.utf8.count, with: name.utf8)
        member.header = checksummed(member.header)
        return member
    }

    /// A member that changes the one behind it.
    private static func extended(_ type: Character, _ text: String, _ name: String) throws -> SampleBundle.Member {
        var member = try SampleBundle.Member(name, Data(text.utf8))
        member.header[156] = type.asciiValue ?? 0
        member.header = checksummed(member.header)
        return member
    }

    private static let extra = "blobs/sha256/" + String(repeating: "0", count: 64)

    package static let tarTricks: [HostileArchive] = [
        tar("two blobs' contents swapped", "does not match its digest") { members in
            let last = members.count - 1
            let (first, second) = (members[last], members[last - 1])
            let bytes = second.bytes
            members[last].bytes = Data(bytes.prefix(first.bytes.count))
            members[last].bytes += Data(count: first.bytes.count - members[last].bytes.count)
        },
        tar("two blobs' places swapped", "is out of place") { $0.swapAt($0.count - 1, $0.count - 2) },
        tar("two documents' places swapped", "is out of place") { $0.swapAt(2, 3) },
        tar("an extra member", "does not belong to the bundle") { $0.append(try .init(extra, Data("x".utf8))) },
        tar("an extra member in front", "does not belong") { $0.insert(try .init("a", Data()), at: 0) },
        tar("a member twice", "is there twice") { $0.append($0[$0.count - 1]) },
        tar("index.json twice", "is there twice") { $0.append($0[1]) },
        tar("the last member missing", "is missing") { $0.removeLast() },
        tar("a document missing", "is missing") { $0.remove(at: 3) },
        tar("no index.json", "'index.json' is missing") { $0.remove(at: 1) },
        tar("nothing at all", "'oci-layout' is missing") { $0 = [] },
        tar("another layout version", "member 'oci-layout'") {
            $0[0] = try .init("oci-layout", Data(#"{"imageLayoutVersion":"2.0.0"}"#.utf8))
        },
        tar("a name outside", "'../x'") { $0.append(try .init("../x", Data("x".utf8))) },
        tar("an absolute name", "'/tmp/x'") { $0.append(try .init("/tmp/x", Data("x".utf8))) },
        tar("a name outside, with an accent on the slash", "leaves") {
            $0.append(try named("../\u{301}x"))
        },
        tar("an absolute name with an accent on the slash", "absolute") { $0.append(try named("/\u{301}x")) },
        tar("a symbolic link", "symbolic link") { $0.append(try link("2", "x")) },
        tar("a hard link", "hard link") { $0.append(try link("1", "x")) },
        tar("a device", "not a regular file") { $0.append(try link("3", "x")) },
        tar("a fifo", "not a regular file") { $0.append(try link("6", "x")) },
        tar("a folder", "not a regular file") { $0.append(try link("5", "x")) },
        tar("a wrong size", "bytes, not") { members in
            let last = members.count - 1
            members[last] = try .init(members[last].name, members[last].bytes + Data("x".utf8))
        },
        tar("padding that is not zero", "its padding is not all zeros") { members in
            let place = members.lastIndex { !$0.padding.isEmpty } ?? 0
            members[place].padding[0] = 1
        },
        tar("a pax header with another name", "") { members in
            members.insert(try extended("x", "17 path=../../x1\n", "PaxHeader"), at: members.count - 1)
        },
        tar("a mode that was not written", "tar header that is not what was written") { members in
            let last = members.count - 1
            members[last].header[104] = UInt8(ascii: "7")
            members[last].header = checksummed(members[last].header)
        },
        tar("a sparse file", "member 'x'") { $0.append(try link("S", "x")) },
        tar("a contiguous file", "") { $0.append(try link("7", "x")) },
        tar("a member of an unknown type", "") { $0.append(try link("Z", "x")) },
        tar("a huge declared size", "") { try declare(8 << 40, in: &$0[$0.count - 1]) },
        tar("sizes that add up beyond 64 bits", "") { members in
            // In front, where opening reads them; each is skipped by its declared size.
            try (0..<3).forEach { index in
                var member = try SampleBundle.Member("big-\(index)", Data())
                try declare(1 << 62, in: &member)
                members.insert(member, at: 2)
            }
        },
        tar("a pax header with another size", "") { members in
            members.insert(try extended("x", "12 size=999\n", "PaxHeader"), at: members.count - 1)
        },
        tar("a pax header with an absolute name", "") { members in
            members.insert(try extended("x", "17 path=/tmp/x99\n", "PaxHeader"), at: members.count - 1)
        },
        tar("a pax header for the whole archive", "") { members in
            members.insert(try extended("g", "16 comment=evil\n", "PaxHeader"), at: members.count - 1)
        },
        tar("a pax header that makes a link", "") { members in
            members.insert(try extended("x", "24 linkpath=/etc/passwd\n", "PaxHeader"), at: members.count - 1)
        },
        tar("a pax header that makes a sparse file", "") { members in
            members.insert(try extended("x", "22 GNU.sparse.major=1\n", "PaxHeader"), at: members.count - 1)
        },
        tar("a name in GNU's long form", "") { members in
            members.insert(try extended("L", "../../outside\0", "././@LongLink"), at: members.count - 1)
        },
        tar("a link in GNU's long form", "") { members in
            members.insert(try extended("K", "/etc/passwd\0", "././@LongLink"), at: members.count - 1)
        },
        tar("another case", "") { members in
            let last = members.count - 1
            members[last] = try .init(members[last].name.uppercased(), members[last].bytes)
        },
        tar("another case beside the right one", "does not belong") { members in
            members.append(try .init("INDEX.JSON", members[1].bytes))
        },
        tar("a wrong checksum", "") { members in members[members.count - 1].header[148] ^= 1 },
        tar("a wrong checksum in front", "") { members in members[1].header[148] ^= 1 },
        tar("a member after the end mark", "bytes after its last member") { members in
            var end = try SampleBundle.Member("x", Data())
            end.header = [UInt8](repeating: 0, count: TarHeader.trailerSize)
            members += [end, try .init(extra, Data("x".utf8))]
        },
        tar("a name that moves the cursor", "") { $0.insert(try .init("a\u{1B}[2J\rok", Data()), at: 1) },
        tar("a name that turns the text around", "") { $0.insert(try named("a\u{202E}gpj"), at: 1) },
        tar("owner and time of a host", "tar header that is not what was written") { members in
            let last = members.count - 1
            members[last].header.replaceSubrange(108..<115, with: "0001750".utf8)
            members[last].header = checksummed(members[last].header)
        },
        tar("a hundred thousand empty members in front", "") { members in
            let empty = try SampleBundle.Member("x", Data())
            members.insert(contentsOf: repeatElement(empty, count: 100_000), at: 1)
        },
    ]
}
