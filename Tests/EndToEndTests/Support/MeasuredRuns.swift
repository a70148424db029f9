import FoundationEssentials
import Subprocess
import SystemPackage

/// Runs many short commands, and measures each: without this, starting a program to start a program would be most of
/// the time that a campaign takes.
struct MeasuredRuns {
    /// How a command ended, and what it took.
    struct Outcome: Decodable, Sendable {
        /// Negative: the signal that ended it; -9999: it took longer than ``timeLimit``.
        var code: Int
        /// KiB.
        var peak: Int
        var seconds: Double
        /// What it printed to either output, in order.
        var text: String
    }

    /// In seconds.
    static let timeLimit = 60

    private struct Request: Encodable {
        var commands: [[String]]
        var limit: Int
    }

    /// The program that runs them went away.
    struct Ended: Error {
        var said: String
    }

    private let writer: StandardInputWriter
    private var lines: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

    /// Runs `body` with somebody who runs commands in `place`.
    static func with<Value: Sendable>(
        in place: Workplace, body: (inout MeasuredRuns) async throws -> Value
    ) async throws -> Value {
        let script = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
            .appending("Scripts/measured-runs.py")
        var environment: [Environment.Key: String] = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        for (name, value) in place.environment { environment[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path("/usr/bin/python3"), arguments: ["-B", script.string], environment: .custom(environment),
            workingDirectory: place.file(""), input: .inputWriter, output: .sequence, error: .currentStandardError
        ) { execution in
            let lines = execution.standardOutput.strings(separatedBy: .lineBreaks, bufferingPolicy: .unbounded)
            var runs = MeasuredRuns(writer: execution.standardInputWriter, lines: lines.makeAsyncIterator())
            let value: Result<Value, any Error>
            do { value = .success(try await body(&runs)) } catch { value = .failure(error) }
            try await execution.standardInputWriter.finish()
            return value
        }
        return try result.closureResult.get()
    }

    /// Runs `sealift` once, with `arguments`.
    static func sealift(_ arguments: [String], in place: Workplace) async throws -> Outcome {
        let command = [Executables.sealift.string] + arguments
        let outcomes = try await with(in: place) { try await $0.run([command]) }
        guard let outcome = outcomes.first else { throw Ended(said: "no outcome") }
        return outcome
    }

    /// Runs `commands`, two at a time; the outcomes are in their order.
    mutating func run(_ commands: [[String]]) async throws -> [Outcome] {
        let request = try JSONEncoder().encode(Request(commands: commands, limit: Self.timeLimit))
        _ = try await writer.write(Array(request) + [UInt8(ascii: "\n")])
        guard let line = try await lines.next() else { throw Ended(said: "no answer") }
        let outcomes = try JSONDecoder().decode([Outcome].self, from: Data(line.utf8))
        guard outcomes.count == commands.count else { throw Ended(said: line) }
        return outcomes
    }
}
