internal import Cluster
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import SystemPackage

/// What a worker does otherwise than a controller.
extension K0sSteps {
    var isWorker: Bool { context.record.current.isWorker }

    /// What tells one token from another in the journal, which never has the token itself.
    var tokenDigest: [String] {
        context.options.token.map { [Digest.of(Data($0.text.utf8)).description] } ?? []
    }

    private var hasJoined: Bool { access(k0s.paths.kubeletConf.string, F_OK) == 0 }

    /// Whether the service is there, and its token with it as long as it is needed.
    var holdsWorker: Bool {
        k0s.installedRole() == .worker && (hasJoined || access(context.paths.joinToken.string, F_OK) == 0)
    }

    func worker(token: JoinToken?) -> WorkerOptions {
        var worker = WorkerOptions(tokenFile: token == nil ? nil : context.paths.joinToken)
        worker.nodeAddress = context.record.current.nodeAddress
        worker.resolvConf = nameServers
        return worker
    }

    /// Installs the service, which finds its token where a reboot would take it away.
    func installWorker(_ token: JoinToken?) async throws {
        if let token {
            try StateFile.writeSecret(token.text.utf8, to: context.paths.joinToken)
            // k0s takes the authority from its first token and from none after it, even where that was a wrong one.
            if !hasJoined { try StateFile.remove(k0s.paths.authority) }
        }
        var worker = worker(token: token)
        try await install { force in
            worker.force = force
            try await k0s.install(worker)
        }
    }

    /// Waits until the cluster has taken the node; from then on no token is needed, and none is left here.
    func joined(_ token: JoinToken) -> Step {
        Step("k0s-joined", title: "join \(token.server)", inputs: [token.server] + tokenDigest) {
            hasJoined && access(context.paths.joinToken.string, F_OK) != 0
        } perform: {
            try await k0s.waitUntilJoined(token.server, timeout: context.options.startTimeout) { message in
                context.report(.waiting(step: "k0s-joined", blockers: [message]))
            }
            context.report(.waiting(step: "k0s-joined", blockers: []))
            // k0s would look for the file at each start. The service that runs is not touched.
            try await installWorker(nil)
            try StateFile.remove(context.paths.joinToken)
        }
    }

    /// A worker whose k0s doesn't come up: mostly the controller can't be reached, or doesn't take the token.
    func unanswered(_ error: ClusterError) -> any Error {
        guard !hasJoined, let token = context.options.token else { return error }
        switch error {
        case .serviceDied, .notRunning: break
        default: return error
        }
        return InstallError.step(
            name: "k0s-start", reason: "\(error)",
            hint: """
                is the token expired or of another cluster, or \(token.server) out of reach? make a new one there with \
                'sealift-installer token', and run 'join' with it; 'journalctl -u k0sworker' tells more
                """)
    }
}
