import FoundationEssentials
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import BundleInstaller

@Suite struct JournalTests {
    private let inputs = Digest.of(Data("1".utf8))

    @Test func remembersWhatWasAppended() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal.jsonl")
        let journal = try Journal(at: path)
        try journal.append(JournalEntry(.begun, step: "import", inputs: inputs))
        try journal.append(JournalEntry(.finished, step: "import", inputs: inputs))
        let again = try Journal(at: path)
        #expect(again.entries == journal.entries)
        #expect(try Journal.read(path) == journal.entries)
        #expect(again.entries.isFinished("import", inputs: inputs))
        #expect(!again.entries.isFinished("import", inputs: .of(Data("2".utf8))))
        #expect(!again.entries.isFinished("node", inputs: inputs))
    }

    @Test func aStepThatWasBegunAgainIsNotFinished() throws {
        let entries = [
            JournalEntry(.finished, step: "import", inputs: inputs),
            JournalEntry(.begun, step: "import", inputs: inputs),
        ]
        #expect(!entries.isFinished("import", inputs: inputs))
    }

    @Test func whatAnUninstallMayHaveUndoneIsNotFinished() {
        var undone = JournalEntry(.started)
        undone.command = Uninstallation.command
        let done = JournalEntry(.finished, step: "stage-app", inputs: inputs)
        #expect(![done, undone].isFinished("stage-app", inputs: inputs))
        #expect([done, undone, done].isFinished("stage-app", inputs: inputs))
    }

    @Test(arguments: 0...80) func dropsATornLastLineOnly(cut: Int) throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal.jsonl")
        let journal = try Journal(at: path)
        try journal.append(JournalEntry(.begun, step: "one", inputs: inputs))
        let whole = try contents(of: path)
        try journal.append(JournalEntry(.finished, step: "one", inputs: inputs))
        let both = try contents(of: path)
        try write(both[..<min(whole.count + cut, both.count - 1)], to: path)
        let mended = try Journal(at: path)
        #expect(mended.entries.count == 1)
        try mended.append(JournalEntry(.failed, step: "one", inputs: inputs, reason: "because"))
        #expect(try Journal.read(path).map(\.event) == [.begun, .failed])
    }

    /// What a file system leaves where a part of the last line did not get to the disk, but its end did.
    @Test(arguments: [0, 1, 20]) func dropsALastLineWithAHole(start: Int) throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal.jsonl")
        let journal = try Journal(at: path)
        try journal.append(JournalEntry(.begun, step: "one", inputs: inputs))
        let whole = try contents(of: path).count
        try journal.append(JournalEntry(.finished, step: "one", inputs: inputs))
        var bytes = try contents(of: path)
        bytes.replaceSubrange((whole + start)..<(whole + 40), with: repeatElement(0, count: 40 - start))
        try write(bytes, to: path)
        #expect(try Journal.read(path).map(\.event) == [.begun])
        let mended = try Journal(at: path)
        try mended.append(JournalEntry(.failed, step: "one", inputs: inputs, reason: "because"))
        #expect(try Journal.read(path).map(\.event) == [.begun, .failed])
        bytes += bytes[whole...]
        try write(bytes, to: path)
        #expect(throws: InstallError.self, "a hole in a line that others followed") { try Journal.read(path) }
    }

    @Test func aDamagedLineInTheMiddleIsAnError() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal.jsonl")
        try write("{\"at\":\"x\"\n{}\n".utf8, to: path)
        #expect(throws: InstallError.self) { try Journal(at: path) }
        #expect(throws: InstallError.self) { try Journal.read(path) }
    }

    @Test func knowsWhichCommandIsUnfinished() {
        var start = JournalEntry(.started)
        start.bundle = "one 1"
        let other = JournalEntry(.begun, step: "x", inputs: inputs)
        #expect([start, other].unfinished?.bundle == "one 1")
        #expect([start, other, JournalEntry(.completed)].unfinished == nil)
        #expect([JournalEntry]().unfinished == nil)
    }

    /// A limit on the size of files is what a full disk looks like; in a process of its own, since it holds for all.
    @Test func aFailedAppendLeavesNoTornLine() async {
        await #expect(processExitsWith: .success) {
            let inputs = Digest.of(Data("1".utf8))
            let directory = TemporaryDirectory()
            let path = directory.file("journal.jsonl")
            let journal = try Journal(at: path)
            try journal.append(JournalEntry(.begun, step: "one", inputs: inputs))
            let before = try contents(of: path).count
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: rlim_t(before + 40), rlim_max: rlim_t(1 << 30))
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            #expect(throws: InstallError.self) {
                try journal.append(JournalEntry(.finished, step: "one", inputs: inputs))
            }
            #expect(try contents(of: path).count == before)
            #expect(journal.entries.map(\.event) == [.begun])
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            try journal.append(JournalEntry(.failed, step: "one", inputs: inputs, reason: "because"))
            #expect(try Journal.read(path).map(\.event) == [.begun, .failed])
        }
    }
}

@Suite struct InstallLockTests {
    @Test func keepsASecondHolderOutUntilTheFirstLetsGo() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("lock")
        do {
            let lock = try InstallLock(at: path)
            #expect { try InstallLock.check(path) } throws: { error in
                guard case .busy(let pid) = error as? InstallError else { return false }
                return pid == Int(getpid())
            }
            _ = consume lock
        }
        try InstallLock.check(path)
    }

    /// As a child that was just made has one until it has become another program.
    @Test func lettingGoCountsForCopiesOfItsDescriptor() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("lock")
        var copies: [CInt] = []
        do {
            let lock = try InstallLock(at: path)
            var own = stat()
            #expect(stat(path.string, &own) == 0)
            for number in CInt(0)..<1024 {
                var status = stat()
                guard fstat(number, &status) == 0, status.st_ino == own.st_ino, status.st_dev == own.st_dev else {
                    continue
                }
                copies.append(dup(number))
            }
            _ = consume lock
        }
        defer { copies.forEach { close($0) } }
        #expect(!copies.isEmpty)
        try InstallLock.check(path)
    }

    @Test func waitsForTheLastChildOfOneThatWasKilled() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("lock")
        // Nobody has the number, which is above the kernel's greatest.
        try write("4194305\n".utf8, to: path)
        let held = try FileDescriptor.open(path, .readWrite, options: .closeOnExec)
        #expect(flock(held.rawValue, LOCK_EX | LOCK_NB) == 0)
        let number = held.rawValue
        let child = OSThread.spawn(name: "child") {
            usleep(100_000)
            flock(number, LOCK_UN)
        }
        try InstallLock.check(path)
        child.join()
        try held.close()
    }

    @Test func aMissingFolderIsNamed() throws {
        #expect { try InstallLock.check("/nowhere/lock") } throws: { "\($0)".contains("/nowhere/lock") }
    }
}

extension InstallLock {
    /// Takes the lock and lets it go.
    fileprivate static func check(_ path: FilePath) throws { _ = try InstallLock(at: path) }
}
