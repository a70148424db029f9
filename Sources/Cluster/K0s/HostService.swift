internal import Glibc
internal import Processes
internal import SystemPackage

/// The host's service manager: systemd, or OpenRC.
struct HostService: Sendable {
    let paths: K0sPaths
    let searchPath: String

    /// What a service that is wanted is doing.
    enum State: Hashable {
        case runs
        /// It was told to stop and is about to.
        case stops
        /// It ended, and will be started again after a while; the text says how.
        case waits(String)
        /// It ended; the text says how.
        case died(String)
        /// Nobody can tell.
        case unknown
    }

    /// Whether the service manager knows `unit`.
    func isInstalled(_ unit: String) -> Bool {
        [paths.systemdUnits.appending("\(unit).service"), paths.openrcServices.appending(unit)]
            .contains { access($0.string, F_OK) == 0 }
    }

    func state(of unit: String) async -> State {
        if access(paths.systemdUnits.appending("\(unit).service").string, F_OK) == 0 {
            let properties = "ActiveState,SubState,Result,ExecMainStatus"
            guard let outcome = await run("systemctl", ["show", unit, "--property", properties]) else {
                return .unknown
            }
            return Self.systemdState(outcome.text)
        }
        guard let outcome = await run("rc-service", [unit, "status"]) else { return .unknown }
        return Self.openrcState(outcome)
    }

    /// Has systemd forget that the service failed: k0s starts none that it takes for broken, even installed anew.
    func forgetFailure(of unit: String) async {
        guard access(paths.systemdUnits.appending("\(unit).service").string, F_OK) == 0 else { return }
        _ = await run("systemctl", ["reset-failed", unit])
    }

    /// Reads what `systemctl show` prints.
    static func systemdState(_ text: String) -> State {
        var properties: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let sign = line.firstIndex(of: "=") else { continue }
            properties[line[..<sign]] = line[line.index(after: sign)...]
        }
        let main = "\(properties["Result"] ?? "unknown"), exit status \(properties["ExecMainStatus"] ?? "unknown")"
        // k0s' unit says Restart=always: a service that dies at once is mostly found waiting for its next start.
        if properties["SubState"] == "auto-restart" {
            return .waits("it ended and waits to be started again (\(main))")
        }
        switch properties["ActiveState"] {
        case "failed": return .died("it failed (\(main))")
        case "inactive": return .died("it isn't running (\(main))")
        case "active", "activating", "reloading": return .runs
        case "deactivating": return .stops
        default: return .unknown
        }
    }

    /// Reads what `rc-service NAME status` answers: 32 is crashed, 3 stopped.
    static func openrcState(_ outcome: ChildProcess.Outcome) -> State {
        switch outcome.status {
        case .exited(0): .runs
        case .exited(32): .died("it crashed")
        case .exited(3): .died("it isn't running")
        default: .unknown
        }
    }

    /// The last lines that the service wrote; none where there is no journal.
    func lastLines(of unit: String, count: Int = 20) async -> [String] {
        let outcome = await run("journalctl", ["-u", unit, "-n", "\(count)", "--no-pager", "-o", "cat"])
        guard let outcome, outcome.succeeded else { return [] }
        return outcome.text.split(whereSeparator: \.isNewline).suffix(count).map { String($0.prefix(400)) }
    }

    /// `nil` where there is no such program or no answer: the caller then knows less, and can go on.
    private func run(_ name: String, _ arguments: [String]) async -> ChildProcess.Outcome? {
        try? await ChildProcess.run(
            .name(name, searchPath: searchPath), arguments, environment: ["LC_ALL": "C"], timeout: .seconds(20))
    }
}
