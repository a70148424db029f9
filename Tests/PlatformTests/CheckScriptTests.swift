import Definition
import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Yams

/// The check of Flink, with programs in the place of wget and nc that answer as Flink does: it passes, fails, and leaves no
/// job behind.
@Suite(.enabled(if: Program.isInstalled("dash"), "needs dash")) struct CheckScriptTests {
    private static let programs = [
        "wget": """
        for url in "$@"; do :; done
        case $url in
          */jobs/overview) cat "$ANSWERS/jobs" ;;
          */overview) cat "$ANSWERS/overview" ;;
          */metrics) printf 'flink_jobmanager_numRegisteredTaskManagers 1\\nflink_taskmanager_Status_JVM_Memory_Heap_Used 1\\n' ;;
        esac
        """,
        "nc": "cat >>\"$ANSWERS/sent\"; echo 'HTTP/1.1 202 Accepted'",
        "sleep": ":",
    ]

    @Test(
        arguments: [
            ("FINISHED", 1, true, ""),
            ("RUNNING", 0, false, "should have a slot free"),
            ("RUNNING", 1, false, "should have run to its end"),
            ("FAILED", 2, false, "should have run to its end"),
        ] as [(String, Int, Bool, String)]) func flinksCheckTells(
            _ state: String, _ freeSlots: Int, _ passes: Bool, _ complaint: String
        ) async throws
    {
        let folder = TemporaryDirectory()
        try Self.prepare(folder.path, state: state, freeSlots: freeSlots)
        let script = try Self.script(of: "check-processing-function-flink").replacing(
            "/handover/", with: "\(folder.path)/")
        let result = try await run(
            .name("dash"), arguments: ["-ec", script],
            environment: .inherit.updating([
                "PATH": "\(folder.path)/bin:/usr/bin:/bin", "ANSWERS": folder.path.string, "RUN": "check-1",
                "TASK_MANAGERS": "1",
            ]), output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        let errors = result.standardError
        #expect(result.terminationStatus.isSuccess == passes, "\(errors)")
        #expect(complaint.isEmpty ? errors.isEmpty : errors.contains(complaint), "\(errors)")
        // What the client said is there whatever happened.
        #expect(result.standardOutput.hasPrefix("the client's log\n"))
        let sent = String(decoding: try contents(of: folder.file("sent")), as: UTF8.self)
        #expect(sent.hasPrefix("PATCH /jobs/0a1b?mode=cancel HTTP/1.0\r\n") == !passes, "\(sent)")
    }

    /// Every use of Flink's client ends by itself, before the Job does: a job for which no slot is free waits for long.
    @Test func flinksClientNeverWaitsForEver() throws {
        let clients = try Variant().graph().scripts.filter { $0.text.contains("sql-client.sh") }
        #expect(clients.count == 4)
        for script in clients {
            #expect(script.text.contains("timeout -k 10 150 /opt/flink/bin/sql-client.sh"), "\(script.place)")
        }
    }

    private static func script(of job: String) throws -> String {
        let container = try #require(try RenderedPlatform().object("Job", job)?.podSpec?["containers"]?[0])
        return try #require(container["command"]?.sequence?.last?.string)
    }

    private static func prepare(_ folder: FilePath, state: String, freeSlots: Int) throws {
        let jobs = """
            {"jobs":[{"jid":"0a1b","name":"check-1","start-time":1,"state":"\(state)","tasks":{"total":1}},\
            {"jid":"0c2d","name":"other","start-time":1,"state":"RUNNING","tasks":{"total":1}}]}
            """
        try write(jobs.utf8, to: folder.appending("jobs"))
        let overview = #"{"taskmanagers":1,"slots-total":2,"slots-available":\#(freeSlots),"jobs-running":1}"#
        try write(overview.utf8, to: folder.appending("overview"))
        try write("the client's log\n".utf8, to: folder.appending("client.log"))
        try write("".utf8, to: folder.appending("sent"))
        for (name, body) in programs {
            let file = folder.appending("bin").appending(name)
            try write("#!/bin/sh\n\(body)\n".utf8, to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.string)
        }
    }
}
