import BundleInstaller
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct DataFoldersTests {
    @Test(arguments: [
        "/", "/tmp", "/srv", "/etc/passwd.d", "/usr/share/x", "/var/lib", "/var/log", "/home", "relative/x", "/proc/1",
        "/sys/fs", "/run/k0s", "/var/tmp",
    ])
    func neverDeletesTheSystem(path: String) {
        #expect(DataFolders.objection(to: FilePath(path).lexicallyNormalized()) != nil)
    }

    @Test(arguments: ["/tmp/kafka-data", "/srv/infometis/nifi", "/var/lib/infometis", "/data/a"])
    func deletesWhatAPlatformWouldUse(path: String) {
        #expect(DataFolders.objection(to: FilePath(path)) == nil)
    }

    @Test func parentReferencesAreResolvedFirst() {
        #expect(DataFolders(["/tmp/x/../../etc/ssh"]).paths == ["/etc/ssh"])
    }

    @Test func deletesTreesButFollowsNoLink() throws {
        let directory = TemporaryDirectory()
        try write("keep".utf8, to: directory.file("outside/keep"))
        try write("x".utf8, to: directory.file("data/a/b"))
        symlink(directory.file("outside").string, directory.file("data/link").string)
        symlink(directory.file("outside").string, directory.file("data-link").string)
        var refused: [String] = []
        let folders = DataFolders([
            directory.file("data").string, directory.file("data-link").string, directory.file("gone").string,
        ])
        try folders.delete { path, reason in refused.append("\(path.lastComponent?.string ?? ""): \(reason)") }
        #expect(!exists(directory.file("data")))
        #expect(try contents(of: directory.file("outside/keep")) == Array("keep".utf8))
        #expect(refused == ["data-link: it is not a folder"])
    }
}
