import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Processes

@Suite struct ChildProcessTests {
    private func shell(
        _ script: String, environment: [String: String?] = [:], input: [UInt8] = [], timeout: Duration = .seconds(60),
        grace: Duration = .seconds(5), outputLimit: Int = 32 << 20, errorLimit: Int = 16 << 10
    ) async throws(ProcessFailure) -> ChildProcess.Outcome {
        try await ChildProcess.run(
            .path("/bin/sh"), ["-c", script], environment: environment, input: input, timeout: timeout, grace: grace,
            outputLimit: outputLimit, errorLimit: errorLimit)
    }

    private func failure(_ body: () async throws -> Void) async -> ProcessFailure? {
        do {
            try await body()
        } catch {
            return error as? ProcessFailure
        }
        return nil
    }

    @Test func tellsWhatAProgramPrintedAndHowItEnded() async throws {
        let outcome = try await shell("echo out; echo err >&2; exit 3")
        #expect(outcome == .init(status: .exited(3), standardOutput: Array("out\n".utf8), standardError: "err\n"))
        #expect(!outcome.succeeded)
        #expect(try await shell("true").succeeded)
        #expect(try await shell("kill -9 $$").status == .signaled(9))
    }

    @Test func givesItsInputWhole() async throws {
        let bytes = seededBytes(3 << 20, seed: 7)
        let outcome = try await ChildProcess.run(.name("cat"), [], input: bytes, timeout: .seconds(60))
        #expect(outcome.standardOutput == bytes)
    }

    @Test func aProgramNeedNotReadItsInput() async throws {
        let outcome = try await shell("echo no >&2; exit 4", input: [UInt8](repeating: 1, count: 4 << 20))
        #expect(outcome.status == .exited(4))
        #expect(outcome.standardError == "no\n")
        #expect(
            try await shell("exec 0<&-; sleep 0.1; echo fine", input: [UInt8](repeating: 1, count: 4 << 20)).text
                == "fine\n")
    }

    @Test func noInputIsAnEmptyOne() async throws {
        #expect(try await shell("wc -c").text.split(whereSeparator: \.isWhitespace) == ["0"])
    }

    @Test func losesNothingOfProgramsThatEndAtOnce() async throws {
        for number in 0..<200 {
            let outcome = try await shell("echo \(number); echo e\(number) >&2")
            #expect(outcome.text == "\(number)\n")
            #expect(outcome.standardError == "e\(number)\n")
        }
    }

    @Test func keepsTheLastLinesOfAFlood() async throws {
        let outcome = try await shell(
            "i=0; while [ $i -lt 20000 ]; do echo line-$i >&2; i=$((i+1)); done", errorLimit: 1000)
        #expect(outcome.standardError.utf8.count <= 1000)
        #expect(outcome.standardError.hasPrefix("line-19"))
        #expect(outcome.lastErrorLines(2) == ["line-19998", "line-19999"])
    }

    @Test func stopsAProgramThatPrintsTooMuch() async {
        #expect(
            await failure { _ = try await shell("yes", outputLimit: 1 << 20) }
                == .outputTooLarge("/bin/sh", limit: 1 << 20))
    }

    @Test func changesTheEnvironment() async throws {
        setenv("SEALIFT_TEST_GONE", "there", 1)
        let outcome = try await shell(
            #"echo "${SEALIFT_TEST_GONE-gone} $SEALIFT_TEST_SET ${PATH:+path}""#,
            environment: ["SEALIFT_TEST_GONE": nil, "SEALIFT_TEST_SET": "a b"])
        #expect(outcome.text == "gone a b path\n")
    }

    @Test func aMissingProgramIsNamed() async {
        let path = FilePath("/nowhere/k0s")
        #expect(
            await failure { _ = try await ChildProcess.run(.path(path), [], timeout: .seconds(9)) } == .missing(path))
        let named = await failure {
            _ = try await ChildProcess.run(
                .name("no-such-program", searchPath: "/bin:/usr/bin"), [], timeout: .seconds(9))
        }
        #expect(named == .notFound("no-such-program", searchPath: "/bin:/usr/bin"))
    }

    @Test func whatCannotBeRunIsAnError() async throws {
        let folder = TemporaryDirectory()
        let plain = folder.file("plain")
        try write("text".utf8, to: plain)
        #expect(throws: ProcessFailure.unusable(plain, reason: "Permission denied")) { try Program.path(plain).find() }
        let orphan = folder.file("orphan")
        try write("#!/nowhere/interpreter\n".utf8, to: orphan)
        chmod(orphan.string, 0o755)
        let error = await failure { _ = try await ChildProcess.run(.path(orphan), [], timeout: .seconds(9)) }
        guard case .unusable(orphan, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(throws: ProcessFailure.unusable(folder.path, reason: "not a file")) {
            try Program.path(folder.path).find()
        }
    }

    @Test func findsProgramsInOrder() throws {
        let folder = TemporaryDirectory()
        try write("".utf8, to: folder.file("a/tool"))
        try write("".utf8, to: folder.file("b/tool"))
        chmod(folder.file("b/tool").string, 0o755)
        let searchPath = "\(folder.file("a")):\(folder.file("b"))"
        #expect(try Program.name("tool", searchPath: searchPath).find() == folder.file("b/tool"))
        #expect(throws: ProcessFailure.self) { try Program.name("../b/tool", searchPath: searchPath).find() }
    }

    @Test func endsAProgramAndItsChildrenWhenTimeIsOver() async throws {
        let folder = TemporaryDirectory()
        let script = """
            echo $$ >\(folder.file("pids")); sh -c 'trap "" TERM; echo $$ >>\(folder.file("pids")); \
            echo waiting >&2; while :; do sleep 1000; done'
            """
        let error = await failure { _ = try await shell(script, timeout: .seconds(1)) }
        #expect(error == .timedOut("/bin/sh", after: .seconds(1), lastError: "waiting"))
        try await expectGone(folder.file("pids"))
    }

    @Test func killsWhatIgnoresBeingAsked() async throws {
        let folder = TemporaryDirectory()
        let script = "trap '' TERM; echo $$ >\(folder.file("pids")); while :; do sleep 1000; done"
        let error = await failure { _ = try await shell(script, timeout: .seconds(1), grace: .milliseconds(100)) }
        #expect(error == .timedOut("/bin/sh", after: .seconds(1), lastError: ""))
        try await expectGone(folder.file("pids"))
    }

    @Test func cancellingEndsTheProgram() async throws {
        let folder = TemporaryDirectory()
        let pids = folder.file("pids")
        let script = "echo $$ >\(pids).new; mv \(pids).new \(pids); while :; do sleep 1000; done"
        let task = Task { await failure { _ = try await shell(script) } }
        while !exists(pids) { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        #expect(await task.value == .cancelled("/bin/sh"))
        try await expectGone(pids)
    }

    @Test func aTaskThatIsCancelledStartsNothing() async throws {
        let folder = TemporaryDirectory()
        let marker = folder.file("marker")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await failure { _ = try await shell("touch \(marker)") }
        }
        task.cancel()
        #expect(await task.value == .cancelled("/bin/sh"))
        #expect(!exists(marker))
    }

    @Test func aBackgroundProcessDoesNotHoldUpTheEnd() async throws {
        let folder = TemporaryDirectory()
        let outcome = try await shell("sleep 1000 & echo $! >\(folder.file("pid")); echo done")
        #expect(outcome.text == "done\n")
        let pid = try #require(try pids(in: folder.file("pid")).first)
        #expect(kill(pid, 0) == 0, "what was left in the background on purpose goes on")
        kill(pid, SIGKILL)
    }

    private func pids(in path: FilePath) throws -> [pid_t] {
        String(decoding: try contents(of: path), as: UTF8.self).split(separator: "\n").compactMap { pid_t($0) }
    }

    /// Waits until none of the processes runs; a zombie whose parent has gone with it is on its way.
    private func expectGone(_ path: FilePath) async throws {
        let processes = try pids(in: path)
        #expect(!processes.isEmpty)
        for process in processes {
            for _ in 0..<1000 where kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(kill(process, 0) != 0, "\(process) goes on")
        }
    }
}
