package import Processes

/// Why something could not be done with k0s or with the cluster.
package enum ClusterError: Error, Hashable, Sendable {
    /// A verb of k0s failed; `lines` are the last that it complained with.
    case k0s(verb: String, status: ChildProcess.Status, lines: [String])
    /// A call of kubectl failed for good, or went on failing until its time was over.
    case kubectl(action: String, status: ChildProcess.Status, lines: [String])
    /// k0s' service died while it was waited for; `lines` are the last of its journal, or none.
    case serviceDied(unit: String, state: String, lines: [String])
    /// k0s did not come up in time; `missing` says what was lacking at the end.
    case notRunning(after: Duration, missing: String)
    /// k0s went on after it was told to stop.
    case stillRunning(after: Duration)
    /// What was applied did not become ready in time.
    case notReady(after: Duration, [Blocker])
    /// A Job ran out of attempts or time, or a pod that isn't started again ended.
    case objectFailed(ObjectReference, reason: String)
    case nodeNotReady(after: Duration, reason: String)
    /// A check's file holds no Job, so there is nothing that could pass.
    case noJob(check: String)
    /// What was given as a token lets no worker join.
    case badToken(reason: String)
    /// The service runs, and can't reach the API of the cluster that it joins; `message` is what k0s says.
    case apart(from: String, after: Duration, message: String)
    /// A program's answer is not what it is known to print.
    case unreadableAnswer(of: String)
    case process(action: String, ProcessFailure)
    case cancelled(action: String)
}

extension ClusterError: CustomStringConvertible {
    /// One line, and one more for each line of a program or each object that is meant.
    package var description: String {
        switch self {
        case .k0s(let verb, let status, let lines):
            Self.text("k0s \(verb) failed with \(status)", lines)
        case .kubectl(let action, let status, let lines):
            Self.text("can't \(action): kubectl failed with \(status)", lines)
        case .serviceDied(let unit, let state, let lines):
            Self.text("the service \(unit) didn't stay up: \(state)", lines)
        case .notRunning(let time, let missing): "k0s isn't up after \(time): \(missing)"
        case .stillRunning(let time): "k0s still runs after \(time)"
        case .notReady(let time, let blockers):
            Self.text("not ready after \(time)", blockers.map(\.description), always: true)
        case .objectFailed(let object, let reason): "\(object) failed: \(reason)"
        case .nodeNotReady(let time, let reason): "the node isn't ready after \(time): \(reason)"
        case .noJob(let check): "the check \(check) holds no Job"
        case .badToken(let reason): "this is no token that a worker could join with: \(reason)"
        case .apart(let server, let time, let message):
            "k0s doesn't reach \(server) after \(time)\(message.isEmpty ? "" : ": \(message)")"
        case .unreadableAnswer(let program): "can't read what \(program) printed"
        case .process(let action, let failure): "can't \(action): \(failure)"
        case .cancelled(let action): "can't \(action): cancelled"
        }
    }

    /// One line stays on the same line, several go below.
    private static func text(_ title: String, _ lines: [String], always: Bool = false) -> String {
        if lines.isEmpty { return title }
        if lines.count == 1 && !always { return "\(title): \(lines[0])" }
        return "\(title):" + lines.map { "\n  \($0)" }.joined()
    }
}

extension ClusterError {
    /// What to do about it, where that is known.
    package var hint: String? {
        switch self {
        case .k0s(let verb, _, let lines): Self.hint(verb: verb, lines: lines)
        case .kubectl(_, _, let lines):
            lines.contains { $0.contains("refused") || $0.contains("Unable to connect") }
                ? "is the API server up? look at 'k0s status' and at the journal of k0scontroller" : nil
        case .serviceDied(let unit, _, _): "read on with 'journalctl -u \(unit)', mend it, and run the command again"
        case .stillRunning: "look at 'journalctl -u k0scontroller'"
        case .notRunning: "look at 'journalctl -u k0scontroller'; a slow disk may only need a longer timeout"
        case .notReady: "'k0s kubectl describe' and 'k0s kubectl logs' of the pods named tell more"
        case .objectFailed(let object, _):
            "its log: k0s kubectl logs -n \(object.namespace ?? "default") \(object.kind.lowercased())/\(object.name)"
        case .nodeNotReady: "look at 'k0s kubectl describe node' and at 'journalctl -u k0scontroller'"
        case .noJob: "a check is a manifest with at least one Job"
        case .badToken: "make one where the controller runs: 'sealift-installer token --output FILE'; copy it as it is"
        case .apart: "is the controller up, and do its ports 6443 and 8132 take connections from here?"
        case .process(_, let failure): failure.hint
        case .unreadableAnswer, .cancelled: nil
        }
    }

    private static func hint(verb: String, lines: [String]) -> String? {
        if lines.contains(where: { $0.contains("must be run as root") || $0.contains("permission denied") }) {
            return "run the command as root"
        }
        switch verb {
        case "install controller", "install worker":
            return "was it installed before? look at 'k0s status', and at the configuration that was given"
        case "start": return "look at 'journalctl -u k0scontroller', on a worker at that of k0sworker"
        case "reset": return "stop it first with 'k0s stop'; a reboot frees mounts that are in use"
        case "sysinfo": return "mend what is rejected; --ignore-pre-flight-checks takes the risk"
        case "backup": return "k0s must be running, and the folder must have room"
        default: return "run 'k0s \(verb)' by hand to see more"
        }
    }
}
