internal import SystemPackage

extension K0s {
    /// Waits until k0s answers and its containerd accepts connections.
    ///
    /// Gives up at once when the service has died, with what it said last.
    package func waitUntilRunning(
        timeout: Duration, interval: Duration = .milliseconds(500)
    ) async throws(ClusterError) -> K0sStatus {
        let deadline = ContinuousClock.now + timeout
        let unit = "k0s\((installedRole() ?? .controller).rawValue)"
        while true {
            let (status, problem) = try await statusOrProblem()
            let hasContainerd = UnixSocket.accepts(paths.containerdSocket)
            if let status, hasContainerd { return status }
            switch await service.state(of: unit) {
            case .died(let state), .waits(let state):
                guard !Task.isCancelled else { break }
                throw .serviceDied(unit: unit, state: state, lines: await service.lastLines(of: unit))
            case .runs, .stops, .unknown: break
            }
            guard ContinuousClock.now < deadline else {
                let missing =
                    status == nil
                    ? problem ?? "'k0s status' has no answer"
                    : "nothing accepts connections at \(paths.containerdSocket)"
                throw .notRunning(after: timeout, missing: missing)
            }
            try await pause(interval, action: "wait for k0s")
        }
    }

    /// Waits until a worker reaches the API at `server` with a certificate of its own: then the cluster has taken it.
    package func waitUntilJoined(
        _ server: String, timeout: Duration, interval: Duration = .milliseconds(500), progress: (String) -> Void
    ) async throws(ClusterError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let (status, problem) = try await statusOrProblem()
            if status?.reachesAPI == true { return }
            let message = status?.apiProblem ?? problem ?? "k0s is not running"
            progress(message.isEmpty ? "k0s has not reached \(server) yet" : message)
            guard ContinuousClock.now < deadline else {
                throw .apart(from: server, after: timeout, message: message)
            }
            try await pause(interval, action: "wait until the node has joined")
        }
    }

    /// Whether the service died and will be started again after a while: minutes, with k0s' own unit.
    package func waitsToRestart() async -> Bool {
        if case .waits = await serviceState() { true } else { false }
    }

    /// Makes a service that failed startable again.
    package func forgetFailure() async {
        guard let role = installedRole() else { return }
        await service.forgetFailure(of: "k0s\(role.rawValue)")
    }

    /// Waits until k0s no longer answers, and its service has ended.
    package func waitUntilStopped(
        timeout: Duration, interval: Duration = .milliseconds(500)
    ) async throws(ClusterError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let (status, problem) = try await statusOrProblem()
            if status == nil && problem == nil, await serviceState() != .stops { return }
            guard ContinuousClock.now < deadline else { throw .stillRunning(after: timeout) }
            try await pause(interval, action: "wait until k0s has stopped")
        }
    }

    /// What the service does; `nil` where there is none.
    func serviceState() async -> HostService.State? {
        guard let role = installedRole() else { return nil }
        return await service.state(of: "k0s\(role.rawValue)")
    }

    /// k0s listens before it can answer, and for a while when it no longer can: that is a problem of the moment.
    private func statusOrProblem() async throws(ClusterError) -> (status: K0sStatus?, problem: String?) {
        do throws(ClusterError) {
            return (try await status(), nil)
        } catch .k0s(let verb, let code, let lines) {
            return (nil, ClusterError.k0s(verb: verb, status: code, lines: lines).description)
        }
    }
}

/// Sleeps, with this module's error for a cancelled task.
func pause(_ duration: Duration, action: String) async throws(ClusterError) {
    do {
        try await Task.sleep(for: duration)
    } catch {
        throw .cancelled(action: action)
    }
}
