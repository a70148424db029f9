import BundleFormat
import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct DurableFileTests {
    @Test func replacesFilesAndLinks() throws {
        let directory = TemporaryDirectory()
        let (file, link) = (directory.file("file"), directory.file("link"))
        try write("old".utf8, to: file)
        #expect(symlink(file.string, link.string) == 0)
        try DurableFile.write("new".utf8, to: link)
        #expect(try contents(of: link) == Array("new".utf8) && contents(of: file) == Array("old".utf8))
        try DurableFile.write("new".utf8, to: file)
        #expect(try contents(of: file) == Array("new".utf8))
    }

    @Test func nothingElseIsReplaced() throws {
        let directory = TemporaryDirectory()
        let pipe = directory.file("pipe")
        #expect(mkfifo(pipe.string, 0o600) == 0)
        for (path, reason) in [(pipe, "the device or pipe \(pipe)"), (directory.path, "Is a directory")] {
            #expect {
                try DurableFile.write(to: path) { _, _ in Issue.record("nothing is to be written") }
            } throws: {
                "\($0)".contains(reason)
            }
        }
        var status = stat()
        #expect(lstat(pipe.string, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path.string) == ["pipe"])
    }
}
