internal import Cluster
package import OCI
internal import SystemPackage

/// How an installation stands: what was done, and how what was installed is doing now.
package struct StatusReport: Hashable, Sendable, Codable {
    /// A step of the command that ran last.
    package struct StepState: Hashable, Sendable, Codable {
        package var step: String
        /// `begun`, `finished` or `failed`.
        package var state: String
        package var at: String
        package var reason: String?
    }

    /// A stage, and what keeps it from being ready.
    package struct StageState: Hashable, Sendable, Codable {
        package var stage: String
        package var objects: Int
        package var blockers: [String]
    }

    package var bundle: String
    package var version: String
    package var index: Digest
    /// The fingerprint of the key that signed the bundle; `nil` where that was not checked.
    package var signedBy: Digest?
    /// The command that ran last: `install`, `upgrade`, `uninstall`; and whether it reached its end.
    package var command: String?
    package var isFinished: Bool
    package var steps: [StepState]
    /// The version of the k0s that runs; `nil` where none does, or where Kubernetes was there before.
    package var kubernetes: String?
    package var nodeAddress: String?
    /// The API that this host has joined as a worker; `nil` where it has the platform itself.
    package var joined: String?
    package var stages: [StageState]
    /// Why the cluster could not be asked.
    package var unreachable: String?
    package var waived: [String]

    /// Whether all was done and all is ready.
    package var isSound: Bool { isFinished && unreachable == nil && stages.allSatisfy(\.blockers.isEmpty) }

    /// Asks the host and the cluster; nothing is changed.
    package init(of platform: InstalledPlatform) async throws {
        let record = platform.record
        let entries = try Journal.read(platform.paths.journal)
        let start = entries.lastIndex { $0.event == .started }
        let own = start.map { entries[$0...] } ?? []
        bundle = record.bundle
        version = record.version
        index = record.index
        signedBy = record.signedBy
        command = own.first?.command
        isFinished = own.contains { $0.event == .completed }
        var names: [String] = []
        for entry in own { if let step = entry.step, !names.contains(step) { names.append(step) } }
        steps = names.compactMap { name in
            own.last { $0.step == name }.map {
                StepState(step: name, state: $0.event.rawValue, at: $0.at, reason: $0.reason)
            }
        }
        nodeAddress = record.nodeAddress
        joined = record.joined
        waived = record.waived
        stages = []
        do throws(ClusterError) {
            let status = try await platform.k0s?.status()
            kubernetes = status?.version
            if platform.k0s != nil, kubernetes == nil {
                unreachable = "k0s is not running"
                return
            }
            if let joined {
                guard let status, !status.reachesAPI else { return }
                unreachable = "k0s does not reach \(joined)\(status.apiProblem.isEmpty ? "" : ": \(status.apiProblem)")"
                return
            }
            var kubectl = platform.kubectl
            kubectl.patience = .seconds(5)
            for stage in record.objects where !stage.objects.isEmpty {
                let blockers = try await Readiness(kubectl).blockers(of: stage.objects)
                stages.append(
                    StageState(
                        stage: stage.stage, objects: stage.objects.count, blockers: blockers.map(\.description)))
            }
        } catch {
            if case .cancelled = error { throw CancellationError() }
            unreachable = error.description
        }
    }
}
