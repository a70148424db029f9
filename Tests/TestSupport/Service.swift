internal import Glibc
internal import Subprocess
internal import SystemPackage

/// Programs that run for the time of a closure.
enum Service {
    /// Runs `commands` side by side, waits until every one of `ports` answers, then runs `body`.
    ///
    /// Certain to end: the shell that starts them kills them when its input closes, which the kernel does should this
    /// process be killed.
    static func run<Value: Sendable>(
        _ commands: [[String]], ports: [Int], log: String, body: () async throws -> Value
    ) async throws -> Value {
        let starts = commands.map { command in
            command.map {
                "'\($0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
            }
            .joined(separator: " ") + " >>\"$0\" 2>&1 & pids=\"$pids $!\""
        }
        let script = starts.joined(separator: "\n") + "\ncat >/dev/null\nkill -9 $pids\nwait\n"
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", script, log], input: .inputWriter, output: .discarded,
            error: .discarded
        ) { _ in
            // An error that left here would have the shell killed, and leave the programs running.
            do {
                for port in ports where !(try await opens(port)) {
                    throw NeverStarted(command: commands.flatMap { $0 }, log: log)
                }
                return Result<Value, any Error>.success(try await body())
            } catch {
                return .failure(error)
            }
        }
        return try result.closureResult.get()
    }

    /// Waits up to half a minute until something listens on `port`.
    private static func opens(_ port: Int) async throws -> Bool {
        for _ in 0..<1500 {
            if Loopback.answers(port) { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// A program didn't open its port in time.
    struct NeverStarted: Error {
        let command: [String]
        let log: String
    }

    /// Runs a program to its end; throws where it fails.
    static func call(_ program: String, _ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .discarded)
        guard result.terminationStatus.isSuccess else { throw Failed(program: program, arguments: arguments) }
        return result.standardOutput
    }

    /// A program failed.
    struct Failed: Error {
        let program: String
        let arguments: [String]
    }
}
