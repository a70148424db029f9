internal import Processes

/// What a cluster looks like, as text, for somebody who can't reach it. No Secret is ever asked for.
package struct ClusterSnapshot: Sendable {
    let kubectl: Kubectl

    package init(_ kubectl: Kubectl) {
        // Each part may fail for itself: what can't be had now is told, not waited for.
        var hasty = kubectl
        hasty.patience = .zero
        self.kubectl = hasty
    }

    /// What is asked for, whatever the state: file name and arguments.
    static let parts: [(name: String, arguments: [String])] = [
        ("version.txt", ["version", "-o", "yaml"]),
        ("nodes.txt", ["get", "nodes", "-o", "wide"]),
        ("describe-nodes.txt", ["describe", "nodes"]),
        ("objects.txt", ["get", listed, "--all-namespaces", "-o", "wide"]),
        ("volumes.txt", ["get", "persistentvolumes,storageclasses", "-o", "wide"]),
        ("cluster-objects.txt", ["get", "namespaces,customresourcedefinitions,apiservices", "-o", "wide"]),
        ("events.txt", ["get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"]),
        ("endpoints.txt", ["get", "endpointslices.discovery.k8s.io", "--all-namespaces"]),
    ]

    private static let listed =
        "pods,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs,services,ingresses,persistentvolumeclaims"

    /// Gathers everything, one file a part; a part that fails has the failure as its content.
    package func gather() async throws(ClusterError) -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = []
        for (name, arguments) in Self.parts {
            files.append((name, Array(try await text(arguments).utf8)))
        }
        do throws(ClusterError) {
            for pod in try await kubectl.list("pods", namespace: nil) where Self.isOfInterest(pod) {
                files += try await details(of: pod)
            }
        } catch .cancelled(let action) {
            throw .cancelled(action: action)
        } catch {
            files.append(("pods-that-are-not-ready.txt", Array("\(error)\n".utf8)))
        }
        return files
    }

    /// Whether there may be something wrong with a pod.
    static func isOfInterest(_ pod: JSON) -> Bool {
        let statuses = pod["status"]["containerStatuses"].elements + pod["status"]["initContainerStatuses"].elements
        return ObjectState(of: pod) != .ready || statuses.contains { ($0["restartCount"].int ?? 0) > 0 }
    }

    private func details(of pod: JSON) async throws(ClusterError) -> [(name: String, bytes: [UInt8])] {
        guard let reference = ObjectReference(pod), let namespace = reference.namespace else { return [] }
        let here = ["--namespace", namespace]
        let described = Self.redact(try await text(["describe", "pod", reference.name] + here))
        let logs = ["logs", reference.name, "--all-containers", "--prefix", "--tail=500"] + here
        let base = "pods/\(namespace)/\(reference.name)"
        return [
            ("\(base)/describe.txt", Array(described.utf8)),
            ("\(base)/log.txt", Array(try await text(logs).utf8)),
            ("\(base)/previous-log.txt", Array(try await text(logs + ["--previous"]).utf8)),
        ]
    }

    private func text(_ arguments: [String]) async throws(ClusterError) -> String {
        do throws(ClusterError) {
            let outcome = try await kubectl.once(
                "gather \(arguments.joined(separator: " "))", arguments, timeout: .seconds(60))
            return outcome.text + (outcome.succeeded ? "" : "\n\(outcome.status)\n\(outcome.standardError)")
        } catch .cancelled(let action) {
            throw .cancelled(action: action)
        } catch {
            return "\(error)\n"
        }
    }

    /// Takes away values of variables whose names say that they are secret, which `describe` shows where a manifest
    /// has them in plain text.
    static func redact(_ text: String) -> String {
        // Fields of describe's own that only sound like it.
        let harmless = ["SecretName", "TokenExpirationSeconds"]
        let words = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "APIKEY"]
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard let colon = line.firstIndex(of: ":") else { return String(line) }
            let name = line[..<colon].drop { $0 == " " }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            let isVariable = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || "_.-".contains($0) }
            guard isVariable, line.first == " ", !value.isEmpty, !value.hasPrefix("<set to the key "),
                !harmless.contains(String(name)), words.contains(where: name.uppercased().contains)
            else { return String(line) }
            return "\(line[...colon]) (left out)"
        }.joined(separator: "\n")
    }
}
