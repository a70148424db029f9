import BundleFormat
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite struct DataFoldersTests {
    @Test func theFilesOfABundleAreWhereItsManifestsLook() {
        #expect(InstallerPaths.host.files.string == InstalledFiles.folder)
    }

    @Test(arguments: [
        "/", "/tmp", "/srv", "/etc/passwd.d", "/usr/share/x", "/var/lib", "/var/log", "/home", "relative/x", "/proc/1",
        "/sys/fs", "/run/k0s", "/var/tmp", "/home" + "/alice", "/var/lib/dpkg/info",
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

    @Test func aLinkAboveLeadsNowhereIntoTheSystem() throws {
        let directory = TemporaryDirectory()
        symlink("/etc", directory.file("link").string)
        var refused: [String] = []
        try DataFolders([directory.file("link/ssl").string]).delete { refused.append("\($0): \($1)") }
        #expect(refused == ["\(directory.file("link/ssl")): it belongs to the system"])
        #expect(exists("/etc"))
    }

    @Test func aLinkAboveToAnotherDiskIsFine() throws {
        let directory = TemporaryDirectory()
        try write("x".utf8, to: directory.file("disk/data/deep/x"))
        symlink(directory.file("disk").string, directory.file("link").string)
        try DataFolders([directory.file("link/data").string]).delete { path, _ in Issue.record("refused \(path)") }
        #expect(!exists(directory.file("disk/data")) && exists(directory.file("disk")))
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
