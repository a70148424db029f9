internal import Glibc
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// One run of one program; ends it, and its process group, when the task is cancelled.
final class Session: Sendable {
    private let path: FilePath
    private let arguments: [String]
    private let environment: [String: String?]
    private let input: [UInt8]
    private let grace: Duration
    private let outputLimit: Int
    private let errorLimit: Int
    /// The program's process, and so its group; 0 before it runs.
    private let group = Atomic<pid_t>(0)

    private struct OutputTooLarge: Error {}

    init(
        path: FilePath, arguments: [String], environment: [String: String?], input: [UInt8], grace: Duration,
        outputLimit: Int, errorLimit: Int
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.grace = grace
        self.outputLimit = outputLimit
        self.errorLimit = errorLimit
        _ = Self.writesFailInsteadOfKilling
    }

    /// Without this, a program that ends before it has read its input would take us with it. Children start with the
    /// default action again.
    private static let writesFailInsteadOfKilling: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return true
    }()

    func run() async -> Result<ChildProcess.Outcome, ProcessFailure> {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: grace)]
        var variables: [Environment.Key: String?] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = .some(value) }
        let outcome: Result<ChildProcess.Outcome, ProcessFailure>
        do {
            let result = try await Subprocess.run(
                .path(path), arguments: Arguments(arguments), environment: .inherit.updating(variables),
                platformOptions: options, input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                self.group.store(execution.processIdentifier.value, ordering: .releasing)
                async let written: Void = self.feed(execution.standardInputWriter)
                async let complaints = self.lastBytes(of: execution.standardError)
                let output = try await self.allBytes(of: execution.standardOutput)
                await written
                return (output, await complaints)
            }
            let (output, complaints) = result.closureResult
            outcome = .success(
                ChildProcess.Outcome(
                    status: .init(result.terminationStatus), standardOutput: output,
                    standardError: String(decoding: complaints, as: UTF8.self)))
        } catch is OutputTooLarge {
            outcome = .failure(.outputTooLarge(path, limit: outputLimit))
        } catch let error as SubprocessError {
            outcome = .failure(.unusable(path, reason: error.underlyingError?.description ?? "\(error)"))
        } catch {
            outcome = .failure(.cancelled(path))
        }
        endLeftovers(after: outcome)
        return outcome
    }

    /// The program has gone; what it started and what didn't heed the signal to the group goes, too.
    ///
    /// The group's number can't belong to anyone else while one of its processes lives.
    private func endLeftovers(after outcome: Result<ChildProcess.Outcome, ProcessFailure>) {
        let group = group.load(ordering: .acquiring)
        if case .success = outcome, !Task.isCancelled { return }
        if group > 1 { kill(-group, SIGKILL) }
    }

    private func feed(_ writer: StandardInputWriter) async {
        do {
            if !input.isEmpty { _ = try await writer.write(input) }
            try await writer.finish()
        } catch {
            // It ended, or closed its input, without reading all: its own status and words say whether that is wrong.
        }
    }

    private func allBytes(of sequence: SubprocessOutputSequence) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in sequence {
            // A program that prints without end is never "drained".
            if Task.isCancelled { break }
            guard bytes.count + buffer.count <= outputLimit else { throw OutputTooLarge() }
            buffer.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The last bytes, from the beginning of a line where something was left out.
    private func lastBytes(of sequence: SubprocessOutputSequence) async -> [UInt8] {
        var bytes: [UInt8] = []
        var isCut = false
        do {
            for try await buffer in sequence {
                if Task.isCancelled { break }
                buffer.withUnsafeBytes { bytes.append(contentsOf: $0) }
                if bytes.count > 2 * errorLimit {
                    bytes.removeFirst(bytes.count - errorLimit)
                    isCut = true
                }
            }
        } catch {
            // Its status counts; these are only the words that go with it.
        }
        isCut = isCut || bytes.count > errorLimit
        let kept = bytes.suffix(errorLimit)
        guard isCut, let newline = kept.firstIndex(of: UInt8(ascii: "\n")), newline < kept.endIndex - 1 else {
            return Array(kept)
        }
        return Array(kept[(newline + 1)...])
    }
}

extension ChildProcess.Status {
    init(_ status: TerminationStatus) {
        self =
            switch status {
            case .exited(let code): .exited(Int(code))
            case .signaled(let number): .signaled(Int(number))
            }
    }
}
