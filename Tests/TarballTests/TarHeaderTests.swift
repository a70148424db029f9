import SystemPackage
import Tarball
import TestSupport
import Testing

@Suite struct TarHeaderTests {
    private static let longName = "blobs/sha512/" + String(repeating: "0123456789abcdef", count: 8)
    private static let members: [(String, Int64)] = [
        ("oci-layout", 30), ("empty", 0), ("blobs/sha256/" + String(repeating: "a", count: 64), 513), (longName, 1),
    ]

    @Test(arguments: members + [("big", 9 << 30), ("bigger", 1 << 42)])
    func isTheSameForTheSameMember(_ name: String, _ size: Int64) throws {
        let header = try TarHeader.encode(name: name, size: size)
        #expect(try header == TarHeader.encode(name: name, size: size))
        #expect(header.count % TarHeader.blockSize == 0)
        let member = try #require(try TarballReader(ArraySource(header)).next())
        #expect(member.name == name)
        #expect(member.size == size)
        #expect(member.headerOffset == 0)
        #expect(member.dataOffset == Int64(header.count))
    }

    @Test func survivesANameThatCannotBeWritten() {
        for _ in 0..<100 {
            #expect(throws: TarballError.self) { try TarHeader.encode(name: "a\u{202E}b", size: 700) }
        }
    }

    @Test(arguments: [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511), (1 << 40, 0)])
    func padsToWholeBlocks(_ size: Int64, _ padding: Int) {
        #expect(TarHeader.padding(after: size) == padding)
    }

    @Test(arguments: ["tar", "bsdtar"].filter(Program.isInstalled))
    func isReadByOthers(_ program: String) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x.tar")
        try write(archive(Self.members.map { ($0.0, Int($0.1)) }), to: path)
        let lines = try await Program.run(program, ["-tvf", path.string]).split(separator: "\n")
        #expect(lines.count == Self.members.count)
        for (line, (name, size)) in zip(lines, Self.members) {
            let words = line.split(separator: " ")
            #expect(words.first == "-rw-r--r--")
            #expect(words.last.map(String.init) == name)
            #expect(words.contains("\(size)"))
        }
    }
}
