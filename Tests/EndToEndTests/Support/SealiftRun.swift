import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport

/// How a program ended, and what it printed.
struct SealiftRun: Sendable {
    /// 128 and the signal's number where a signal ended it, as shells have it.
    var code: Int
    var output: String
    var errors: String

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - environment: all of it, but for `PATH`.
    ///   - folder: the working directory.
    ///   - whileRunning: called once it runs, with a way to send it a signal.
    /// - Throws: where the program can't be started.
    init(
        _ command: [String], environment: [String: String], in folder: FilePath,
        whileRunning: (_ send: (Signal) throws -> Void) async throws -> Void = { _ in }
    ) async throws {
        var all: [Environment.Key: String] = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        for (name, value) in environment { all[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            command[0].contains("/") ? .path(FilePath(command[0])) : .name(command[0]),
            arguments: Arguments(Array(command.dropFirst())), environment: .custom(all), workingDirectory: folder,
            input: .none, output: .string(limit: 16 << 20), error: .string(limit: 16 << 20)
        ) { execution in
            try await whileRunning { try execution.send(signal: $0) }
        }
        code =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        output = result.standardOutput
        errors = result.standardError
    }

    /// The lines of the output.
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// The output as JSON.
    func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(output.utf8))
    }

    /// Everything, for a test that fails.
    var transcript: String { "exit code \(code)\n\(output)\(errors)" }
}
