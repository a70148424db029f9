import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite struct SupportArchiveTests {
    @Test func takesSecretsOutAndCanBeReadByTar() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("support.tar.zst")
        var archive = SupportArchive(without: Secrets(["s3cretPassw0rd", "abc", "s3cretPassw0rd-longer"]))
        archive.add("log.txt", "login s3cretPassw0rd ok, s3cretPassw0rd-longer too, abc stays".utf8)
        // base64 of s3cretPassw0rd, as in a Secret that was printed
        archive.add("pods/describe.txt", "password: czNjcmV0UGFzc3cwcmQ=".utf8)
        archive.add("log.txt", "again".utf8)
        try archive.write(to: path, folder: "sealift-support")
        var status = stat()
        #expect(stat(path.string, &status) == 0 && status.st_mode & 0o777 == 0o600)
        func member(_ name: String) async throws -> String {
            try await Program.run("tar", ["--zstd", "-xOf", path.string, "sealift-support/\(name)"])
        }
        #expect(try await member("log.txt") == "login [removed] ok, [removed] too, abc stays")
        #expect(try await member("pods/describe.txt") == "password: [removed]")
        #expect(try await member("log.txt.1") == "again")
    }

    @Test func leavesNothingWhereItCannotWrite() throws {
        let archive = SupportArchive(without: Secrets([]))
        #expect(throws: (any Error).self) { try archive.write(to: "/nowhere/support.tar.zst", folder: "x") }
    }
}
