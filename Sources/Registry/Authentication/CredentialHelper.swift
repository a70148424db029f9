internal import FoundationEssentials
internal import Subprocess
internal import SystemPackage

/// A program that keeps credentials: Docker's `docker-credential-NAME` protocol.
struct CredentialHelper: Sendable {
    let name: String
    /// Where the program is; `nil` looks for it on the `PATH`.
    var program: FilePath?

    private struct Answer: Decodable {
        var Username: String
        var Secret: String
    }

    /// Longer than a password manager takes to be unlocked, shorter than patience.
    private static let timeLimit: Duration = .seconds(60)

    /// Asks the helper about `host`; `nil` where it has nothing.
    func credentials(for host: String) async throws(RegistryError) -> Credentials? {
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
        else { throw .credentials(source: "config.json", reason: "a credential helper has an unusable name") }
        let program = "docker-credential-\(name)"
        // Docker Hub's credentials are filed under its historic URL.
        let server = host == "docker.io" ? "https://index.docker.io/v1/" : host
        guard let (succeeded, output) = try await run(program, input: server) else {
            throw .credentials(source: program, reason: "no answer within \(Self.timeLimit)")
        }
        guard succeeded else {
            // The one failure that the protocol defines; other texts may hold secrets and are not shown.
            if String(decoding: output, as: UTF8.self).contains("credentials not found") { return nil }
            throw .credentials(source: program, reason: "it failed")
        }
        do {
            let answer = try JSONDecoder().decode(Answer.self, from: Data(output))
            return answer.Username == "<token>"
                ? .identityToken(answer.Secret) : .basic(user: answer.Username, password: answer.Secret)
        } catch {
            throw .credentials(source: program, reason: "its answer can't be read")
        }
    }

    /// `nil` when the time was over.
    private func run(_ program: String, input: String) async throws(RegistryError) -> (Bool, [UInt8])? {
        let executable = self.program.map { Executable.path($0) } ?? .name(program)
        do {
            return try await withThrowingTaskGroup(of: (Bool, [UInt8])?.self) { group in
                group.addTask {
                    var options = PlatformOptions()
                    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
                    let result = try await Subprocess.run(
                        executable, arguments: ["get"], platformOptions: options, input: .string(input),
                        output: .bytes(limit: 1 << 20), error: .discarded)
                    return (result.terminationStatus.isSuccess, result.standardOutput)
                }
                group.addTask {
                    try await Task.sleep(for: Self.timeLimit)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw Task.isCancelled ? .cancelled : .credentials(source: program, reason: "it can't be run")
        }
    }
}
