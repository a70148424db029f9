import BundleFormat
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite struct FileContentTests {
    @Test(arguments: [0, 1, (1 << 20) - 1, 1 << 20, (5 << 20) + 3])
    func isReadWhole(_ size: Int) throws {
        let folder = TemporaryDirectory()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try write(bytes, to: folder.file("file"))
        #expect(try FileContent.bytes(of: folder.file("file")) == bytes)
        let found = try FileContent.digest(of: folder.file("file"))
        #expect(found.digest == .of(Data(bytes)))
        #expect(found.size == Int64(size))
    }

    @Test func moreThanTheLimitIsTold() throws {
        let folder = TemporaryDirectory()
        try write([UInt8](repeating: 1, count: 1 << 20), to: folder.file("file"))
        let bytes = try FileContent.bytes(of: folder.file("file"), limit: 1000)
        #expect(bytes.count > 1000)
        #expect(bytes.count < 1 << 20)
        #expect(try FileContent.bytes(of: folder.file("file"), limit: 1 << 20).count == 1 << 20)
    }

    @Test func whatCanNotBeReadSaysWhy() {
        let folder = TemporaryDirectory()
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileContent.bytes(of: folder.file("nothing")) }
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileContent.digest(of: folder.file("nothing")) }
        #expect(throws: Errno.isDirectory) { try FileContent.bytes(of: folder.path) }
        #expect(throws: Errno.isDirectory) { try FileContent.digest(of: folder.path) }
    }
}
