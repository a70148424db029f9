internal import FoundationEssentials
internal import Glibc
internal import Processes
package import SystemPackage

/// The k0s of this host, told what to do by its own program.
package struct K0s: Sendable {
    /// What a host is in its cluster.
    package enum Role: String, Sendable {
        case controller
        case worker
    }

    /// What asking for a state led to.
    package enum Change: Sendable {
        case done
        /// It was so before.
        case alreadySo
    }

    package let paths: K0sPaths
    let service: HostService

    /// k0s at `paths`; `searchPath` is where systemctl, rc-service and journalctl are looked for.
    package init(paths: K0sPaths = K0sPaths(), searchPath: String = Program.systemSearchPath) {
        self.paths = paths
        service = HostService(paths: paths, searchPath: searchPath)
    }

    /// The version of the program, as `v1.36.3+k0s.0`.
    package func version() async throws(ClusterError) -> String {
        let outcome = try await succeed("version", ["version"], timeout: .seconds(30))
        guard let version = outcome.text.split(whereSeparator: \.isWhitespace).first else {
            throw .unreadableAnswer(of: "k0s version")
        }
        return String(version)
    }

    /// What k0s itself thinks of the host: `passed` is `false` where it rejects something.
    package func sysinfo() async throws(ClusterError) -> (passed: Bool, report: String) {
        let arguments = ["sysinfo"] + dataFlag
        let outcome = try await run("sysinfo", arguments, timeout: .seconds(60))
        guard outcome.succeeded || !outcome.standardOutput.isEmpty else { throw failure("sysinfo", outcome) }
        return (outcome.succeeded, outcome.text)
    }

    /// Installs the service; it isn't started.
    package func install(_ options: ControllerOptions) async throws(ClusterError) {
        _ = try await succeed("install controller", options.arguments, timeout: .seconds(120))
    }

    /// Installs the service of a worker; it isn't started.
    package func install(_ options: WorkerOptions) async throws(ClusterError) {
        _ = try await succeed("install worker", options.arguments, timeout: .seconds(120))
    }

    /// As what k0s is installed here, going by its service; `nil`: it isn't.
    package func installedRole() -> Role? {
        [.controller, .worker].first { service.isInstalled("k0s\($0.rawValue)") }
    }

    /// Starts the service.
    package func start() async throws(ClusterError) -> Change {
        try await change("start", timeout: .seconds(120), alreadySo: "already running")
    }

    /// Stops the service; containers go on running.
    package func stop() async throws(ClusterError) -> Change {
        do throws(ClusterError) {
            return try await change("stop", timeout: .seconds(180), alreadySo: "already stopped")
        } catch .k0s(let verb, let status, let lines) {
            // k0s takes a service that failed, or that a command which was killed is still stopping, for none at all.
            switch await serviceState() {
            case .stops, .died: return .alreadySo
            case .runs, .waits, .unknown, nil: throw .k0s(verb: verb, status: status, lines: lines)
            }
        }
    }

    /// What the running k0s says of itself; `nil`: it isn't running.
    package func status() async throws(ClusterError) -> K0sStatus? {
        // Its words differ between versions; whether somebody is there doesn't. Both looks count, since k0s may start
        // or stop between them.
        let wasAway = isAway
        let outcome = try await run("status", ["status", "-o", "json"], timeout: .seconds(30))
        guard outcome.succeeded else {
            guard wasAway || isAway else { throw failure("status", outcome) }
            return nil
        }
        guard let json = JSON.documents(outcome.standardOutput)?.first, let status = K0sStatus(json) else {
            throw .unreadableAnswer(of: "k0s status")
        }
        return status
    }

    /// Removes containers, data and service; k0s must be stopped. The program and `/etc/k0s` stay.
    package func reset() async throws(ClusterError) {
        _ = try await succeed("reset", ["reset"] + dataFlag, timeout: .seconds(600))
    }

    /// Saves certificates, datastore, configuration and manifests, and no volume, as a file in `folder`.
    package func backup(to folder: FilePath) async throws(ClusterError) -> FilePath {
        let before = Set(names(in: folder))
        let arguments = ["backup", "--save-path", folder.string] + dataFlag
        _ = try await succeed("backup", arguments, timeout: .seconds(1800))
        // Its name holds the time; k0s prints it among other things.
        let new = names(in: folder).filter { !before.contains($0) && $0.hasSuffix(".tar.gz") }
        guard let name = new.max() else { throw .unreadableAnswer(of: "k0s backup") }
        return folder.appending(name)
    }

    /// A token with which a node may join as `role` for the time given.
    package func createToken(for role: Role, expiry: Duration) async throws(ClusterError) -> String {
        let arguments = ["token", "create", "--role=\(role.rawValue)", "--expiry=\(expiry.components.seconds)s"]
        let outcome = try await succeed("token create", arguments, timeout: .seconds(60))
        return String(outcome.text.split(whereSeparator: \.isWhitespace).first ?? "")
    }

    /// The kubectl inside k0s, as the administrator; it leaves nothing in anyone's home folder.
    package var kubectl: Kubectl {
        var kubectl = Kubectl(.path(paths.binary), ["kubectl"], name: "k0s kubectl")
        kubectl.cacheFolder = paths.run.appending("kubectl-cache")
        return kubectl
    }

    /// Whether certainly nobody answers on the status socket.
    private var isAway: Bool {
        switch UnixSocket.problem(with: paths.statusSocket) {
        case .noSuchFileOrDirectory?, .connectionRefused?: true
        default: false
        }
    }

    /// Nothing where k0s has its data where it wants it.
    private var dataFlag: [String] {
        paths.data == K0sPaths().data ? [] : ["--data-dir", paths.data.string]
    }

    private func names(in folder: FilePath) -> [String] {
        // A folder that isn't there yet holds nothing.
        (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
    }
}

extension K0s {
    private func change(_ verb: String, timeout: Duration, alreadySo: String) async throws(ClusterError) -> Change {
        let outcome = try await run(verb, [verb], timeout: timeout)
        if outcome.succeeded { return .done }
        guard (outcome.standardError + outcome.text).lowercased().contains(alreadySo) else {
            throw failure(verb, outcome)
        }
        return .alreadySo
    }

    private func succeed(
        _ verb: String, _ arguments: [String], timeout: Duration
    ) async throws(ClusterError) -> ChildProcess.Outcome {
        let outcome = try await run(verb, arguments, timeout: timeout)
        guard outcome.succeeded else { throw failure(verb, outcome) }
        return outcome
    }

    private func run(
        _ verb: String, _ arguments: [String], timeout: Duration
    ) async throws(ClusterError) -> ChildProcess.Outcome {
        try await runProgram("run k0s \(verb)", .path(paths.binary), arguments, timeout: timeout)
    }

    private func failure(_ verb: String, _ outcome: ChildProcess.Outcome) -> ClusterError {
        .k0s(verb: verb, status: outcome.status, lines: outcome.complaint(5))
    }
}

extension ChildProcess.Outcome {
    /// The last lines of the standard error, or of the output where that is empty.
    func complaint(_ count: Int) -> [String] {
        let lines = lastErrorLines(count)
        guard lines.isEmpty else { return lines }
        var other = self
        other.standardError = String(text.suffix(4096))
        return other.lastErrorLines(count)
    }
}

/// Runs a program with this module's errors.
func runProgram(
    _ action: String, _ program: Program, _ arguments: [String], environment: [String: String?] = [:],
    input: [UInt8] = [], timeout: Duration
) async throws(ClusterError) -> ChildProcess.Outcome {
    do throws(ProcessFailure) {
        return try await ChildProcess.run(
            program, arguments, environment: environment, input: input, timeout: timeout)
    } catch {
        if case .cancelled = error { throw .cancelled(action: action) }
        throw .process(action: action, error)
    }
}
