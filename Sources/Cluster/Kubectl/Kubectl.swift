package import Processes
package import SystemPackage

/// The Kubernetes API, through a kubectl program.
///
/// Every call tries again, with growing pauses, while what fails may mend itself: an API server that starts, a kind
/// whose definition has only just been applied, a webhook that isn't up. What is wrong for good is an error at once.
package struct Kubectl: Sendable {
    /// How much `apply` does.
    package enum DryRun: String, Sendable {
        case none
        /// The API server checks everything and keeps nothing.
        case server
    }

    let program: Program
    let prefix: [String]
    /// What it is called in errors.
    let name: String
    /// For how long a call is tried again.
    package var patience: Duration = .seconds(60)
    /// The first pause between two tries; it doubles up to 16 times that.
    package var firstPause: Duration = .milliseconds(500)
    /// Where kubectl keeps what it learnt about the API; `nil` lets it use the home folder.
    package var cacheFolder: FilePath?
    /// How long the API server may take for one answer.
    package var requestTimeout: Duration = .seconds(30)

    /// `program` with `prefix` before the arguments of each call.
    package init(_ program: Program, _ prefix: [String] = [], name: String = "kubectl") {
        self.program = program
        self.prefix = prefix
        self.name = name
    }

    /// A kubectl for the cluster of `kubeconfig`.
    package init(_ program: Program, kubeconfig: FilePath) {
        self.init(program, ["--kubeconfig", kubeconfig.string])
    }

    /// Makes the objects of `manifests` (YAML or JSON) what they say, taking fields over from whoever had them.
    ///
    /// Returns what was applied, in the order of the manifests.
    package func apply(
        _ manifests: [UInt8], dryRun: DryRun = .none
    ) async throws(ClusterError) -> [ObjectReference] {
        let objects = try await objects("apply manifests", Self.applyArguments(dryRun), input: manifests)
        return objects.compactMap(ObjectReference.init)
    }

    /// The arguments of `apply`.
    static func applyArguments(_ dryRun: DryRun) -> [String] {
        [
            "apply", "--server-side", "--field-manager=sealift", "--force-conflicts", "--dry-run=\(dryRun.rawValue)",
            "-o", "json", "-f", "-",
        ]
    }

    /// The objects that `manifests` describe, as they are before anything is applied.
    package func read(_ manifests: [UInt8]) async throws(ClusterError) -> [JSON] {
        let arguments = ["create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-"]
        return try await objects("read manifests", arguments, input: manifests)
    }

    /// Those of `references` that are there.
    package func get(_ references: [ObjectReference]) async throws(ClusterError) -> [JSON] {
        guard !references.isEmpty else { return [] }
        let arguments = ["get", "--ignore-not-found", "-o", "json", "-f", "-"]
        return try await objects("get \(Self.text(references))", arguments, input: references.manifest)
    }

    /// All objects of the kinds named (`pods,events`), in a namespace or, with `nil`, in all.
    package func list(_ kinds: String, namespace: String?) async throws(ClusterError) -> [JSON] {
        let scope = namespace.map { ["--namespace", $0] } ?? ["--all-namespaces"]
        return try await objects("list \(kinds)", ["get", kinds, "-o", "json", "--ignore-not-found"] + scope)
    }

    /// The warnings among the events of a namespace, oldest first.
    package func events(namespace: String) async throws(ClusterError) -> [JSON] {
        try await list("events", namespace: namespace).filter { $0["type"].string != "Normal" }
            .sorted { EventTime($0) < EventTime($1) }
    }

    /// Deletes what is there of `references`, whose kinds may have gone as well.
    ///
    /// With `wait`, returns when it has gone and what it owns, too; fails when that takes longer.
    package func delete(_ references: [ObjectReference], wait: Duration?) async throws(ClusterError) {
        guard !references.isEmpty else { return }
        var arguments = ["delete", "--ignore-not-found", "-f", "-"]
        if let wait {
            arguments += ["--wait=true", "--cascade=foreground", "--timeout=\(max(1, wait.components.seconds))s"]
        } else {
            arguments.append("--wait=false")
        }
        _ = try await call(
            "delete \(Self.text(references))", arguments, input: references.manifest,
            timeout: (wait ?? .zero) + requestTimeout, isFine: KubectlComplaint.isDeleted)
    }

    /// The last lines that a pod wrote, or, with `previous`, that the run of its container before this one wrote.
    package func logs(
        pod: String, namespace: String, container: String? = nil, previous: Bool = false, lines: Int
    ) async throws(ClusterError) -> [String] {
        var arguments = ["logs", pod, "--namespace", namespace, "--tail=\(lines)"]
        arguments += container.map { ["--container", $0] } ?? ["--all-containers"]
        if previous { arguments.append("--previous") }
        let outcome = try await call("read the log of \(namespace)/\(pod)", arguments, timeout: requestTimeout)
        return outcome.text.split(whereSeparator: \.isNewline).suffix(lines).map { String($0.prefix(1000)) }
    }

    /// The last lines of a Job's youngest pod; none where it has no pod.
    package func logs(job: ObjectReference, lines: Int) async throws(ClusterError) -> [String] {
        let namespace = job.namespace ?? "default"
        let pods = try await list("pods", namespace: namespace).filter { pod in
            pod["metadata"]["ownerReferences"].elements.contains {
                $0["kind"].string == "Job" && $0["name"].string == job.name
            }
        }
        // The API's times sort as text.
        let youngest = pods.max {
            ($0["metadata"]["creationTimestamp"].string ?? "") < ($1["metadata"]["creationTimestamp"].string ?? "")
        }
        guard let pod = youngest?["metadata"]["name"].string else { return [] }
        return try await logs(pod: pod, namespace: namespace, lines: lines)
    }

    /// The version of the API server, as `v1.36.3+k0s`.
    package func version() async throws(ClusterError) -> String {
        let answer = try await objects("ask for the version", ["version", "-o", "json"])
        guard let version = answer.first?["serverVersion"]["gitVersion"].string else {
            throw .unreadableAnswer(of: "\(name) version")
        }
        return version
    }

    private static func text(_ references: [ObjectReference]) -> String {
        let shown = references.prefix(3).map(\.description).joined(separator: ", ")
        return references.count > 3 ? "\(shown) and \(references.count - 3) more" : shown
    }
}
