/// Programs that run to their end.
package enum ChildProcess {
    /// How a program ended.
    package enum Status: Hashable, Sendable {
        case exited(Int)
        case signaled(Int)
    }

    /// What a program that ran to its end left.
    package struct Outcome: Hashable, Sendable {
        package var status: Status
        package var standardOutput: [UInt8]
        /// The last of what it printed there, from the beginning of a line; invalid UTF-8 is replaced.
        package var standardError: String

        package init(status: Status, standardOutput: [UInt8], standardError: String) {
            self.status = status
            self.standardOutput = standardOutput
            self.standardError = standardError
        }

        /// Whether it said that all went well.
        package var succeeded: Bool { status == .exited(0) }

        /// Its output as text; invalid UTF-8 is replaced.
        package var text: String { String(decoding: standardOutput, as: UTF8.self) }
    }

    /// Runs a program in a session of its own, and waits for its end; failing is an outcome, too.
    ///
    /// When the time is over or the task is cancelled, the program and its process group get SIGTERM, and SIGKILL
    /// where the program goes on for `grace`. Processes that it left in the background do not hold up the end.
    ///
    /// `environment` holds what differs from this process's; `nil` takes a variable away. `input` is its standard
    /// input, which it need not read. It may print `outputLimit` bytes to its standard output; of its standard error
    /// the last `errorLimit` bytes are kept.
    package static func run(
        _ program: Program, _ arguments: [String], environment: [String: String?] = [:], input: [UInt8] = [],
        timeout: Duration, grace: Duration = .seconds(5), outputLimit: Int = 32 << 20, errorLimit: Int = 16 << 10
    ) async throws(ProcessFailure) -> Outcome {
        let path = try program.find()
        guard !Task.isCancelled else { throw .cancelled(path) }
        let session = Session(
            path: path, arguments: arguments, environment: environment, input: input, grace: grace,
            outputLimit: outputLimit, errorLimit: errorLimit)
        let ended: (inTime: Bool, result: Result<Outcome, ProcessFailure>?)
        ended = await withTaskGroup(of: Result<Outcome, ProcessFailure>?.self) { group in
            group.addTask { await session.run() }
            group.addTask {
                // Cancelled when the program has ended, or with the caller's task; what is first decides below.
                try? await Task.sleep(for: timeout)
                return nil
            }
            let first = await group.next().flatMap(\.self)
            group.cancelAll()
            if let first { return (inTime: true, result: first) }
            return (inTime: false, result: await group.next().flatMap(\.self))
        }
        if Task.isCancelled { throw .cancelled(path) }
        guard ended.inTime else {
            var lastError = ""
            if case .success(let outcome) = ended.result { lastError = outcome.lastErrorLine ?? "" }
            throw .timedOut(path, after: timeout, lastError: lastError)
        }
        guard let result = ended.result else { throw .cancelled(path) }
        return try result.get()
    }
}

extension ChildProcess.Outcome {
    /// The last line of the standard error that says something.
    package var lastErrorLine: String? { lastErrorLines(1).first }

    /// The last lines of the standard error that say something, at most `count`.
    package func lastErrorLines(_ count: Int) -> [String] {
        standardError.split(whereSeparator: \.isNewline).map { line in
            String(line.drop(while: \.isWhitespace).prefix(1000))
        }.filter { !$0.isEmpty }.suffix(count)
    }
}

extension ChildProcess.Status: CustomStringConvertible {
    /// As a sentence's end: "exit status 3", "signal 9".
    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let number): "signal \(number)"
        }
    }
}
