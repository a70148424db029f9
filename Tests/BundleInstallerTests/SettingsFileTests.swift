import FoundationEssentials
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite struct SettingsFileTests {
    @Test func keepsWhatIsNotOursOnce() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("k0s.yaml")
        let first = FilePath("\(path).before-sealift")
        let second = FilePath("\(path).before-sealift-2")
        let ours: Set<Digest> = [.of(Data("ours".utf8))]
        func keep(_ text: String) throws -> FilePath? {
            try write(text.utf8, to: path)
            return try SettingsFile(path: path).keep(unless: ours)
        }
        #expect(try SettingsFile(path: path).keep(unless: ours) == nil, "there is nothing")
        #expect(try keep("ours") == nil)
        #expect(!exists(first))
        #expect(try keep("theirs: password") == first)
        #expect(try contents(of: first) == Array("theirs: password".utf8))
        var status = stat()
        #expect(stat(first.string, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try keep("theirs: password") == first, "cut off and done again")
        #expect(try keep("changed") == second)
        #expect(try keep("theirs: password") == first)
        #expect(
            try contents(of: first) == Array("theirs: password".utf8) && contents(of: second) == Array("changed".utf8))
    }

    @Test func tellsWhoseAFileIs() throws {
        let directory = TemporaryDirectory()
        let file = SettingsFile(path: directory.file("k0s.yaml"))
        #expect(try !file.isForeign(to: []), "there is none")
        try write("x".utf8, to: file.path)
        #expect(try file.isForeign(to: []))
        #expect(try !file.isForeign(to: [.of(Data("x".utf8))]))
    }
}
