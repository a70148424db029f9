import Yams

/// What a pod or a container is allowed beyond the least.
struct PostureException: Hashable, CustomStringConvertible {
    /// `Kind/name`.
    let object: String
    /// A container's name, or `pod`.
    let container: String
    /// The setting that is missing or weaker: `readOnlyRootFilesystem`.
    let setting: String
    /// What the comment beside it says; empty where there is none.
    let reason: String

    var description: String { "\(object) \(container) \(setting): \(reason.isEmpty ? "no reason is given" : reason)" }
}

/// Rules of what pods may do.
extension ObjectGraph {
    /// Everything that is weaker than: not root, the runtime's seccomp profile, no capability, no escalation, a root
    /// file system that is only read, no API token, none of the node's namespaces. `texts` are the files by path.
    ///
    /// Init containers that hand a volume to its user are root by need; they are held to ``isPermissionPattern``.
    func postureExceptions(in texts: [String: String]) -> [PostureException] {
        pods.flatMap { pod -> [PostureException] in
            let lines = CommentedLines(texts[pod.object.file] ?? "")
            let ofPod = weakSettings(of: pod).map { setting in
                PostureException(
                    object: pod.object.title, container: "pod", setting: setting,
                    reason: lines.exception(in: pod.spec, without: pod.containers.map(\.node)))
            }
            let ofContainers = pod.containers.filter { !$0.isPermissionPattern }.flatMap { container in
                container.weakSettings.map { setting in
                    PostureException(
                        object: pod.object.title, container: container.name, setting: setting,
                        reason: lines.exception(in: container.node))
                }
            }
            return ofPod + ofContainers
        }
    }

    private func weakSettings(of pod: Pod) -> [String] {
        let context = pod.spec["securityContext"]
        var weak: [String] = []
        if context?["runAsNonRoot"]?.bool != true { weak.append("runAsNonRoot") }
        let leavesItToTheImage = pod.containers.contains { $0.node["securityContext"]?["runAsUser"] == nil }
        if context?["runAsUser"]?.int.map({ $0 == 0 }) ?? leavesItToTheImage { weak.append("runAsUser") }
        if context?["seccompProfile"]?["type"]?.string != "RuntimeDefault" { weak.append("seccompProfile") }
        if pod.spec["automountServiceAccountToken"]?.bool != false { weak.append("automountServiceAccountToken") }
        for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"]
        where pod.spec[field]?.bool == true {
            weak.append(field)
        }
        return weak
    }
}

extension PodContainer {
    private var context: Node? { node["securityContext"] }
    private func capabilities(_ list: String) -> [String] {
        (context?["capabilities"]?[list]?.items ?? []).compactMap(\.string)
    }

    fileprivate var weakSettings: [String] {
        var weak: [String] = []
        if context?["allowPrivilegeEscalation"]?.bool != false { weak.append("allowPrivilegeEscalation") }
        if context?["readOnlyRootFilesystem"]?.bool != true { weak.append("readOnlyRootFilesystem") }
        if capabilities("drop") != ["ALL"] || !capabilities("add").isEmpty { weak.append("capabilities") }
        if context?["runAsNonRoot"]?.bool == false { weak.append("runAsNonRoot") }
        if context?["runAsUser"]?.int == 0 { weak.append("runAsUser") }
        if context?["privileged"]?.bool == true { weak.append("privileged") }
        return weak
    }

    /// An init container that gives a volume to the user who will write it: root, and nothing else that root has.
    var isPermissionPattern: Bool {
        isInit && image == "docker.io/library/busybox:1.35.0" && context?["runAsUser"]?.int == 0
            && context?["runAsNonRoot"]?.bool == false && capabilities("drop") == ["ALL"]
            && Set(capabilities("add")).isSubset(of: ["CHOWN", "FOWNER", "DAC_OVERRIDE"])
            && context?["allowPrivilegeEscalation"]?.bool == false && context?["readOnlyRootFilesystem"]?.bool == true
            && context?["privileged"] == nil && words.contains { $0.contains("chown") }
    }
}

/// A file's lines, for the comments that YAML nodes have lost.
private struct CommentedLines {
    let lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// What the first `# exception:` in the lines of `node` says, lines of `others` left out.
    func exception(in node: Node, without others: [Node] = []) -> String {
        let excluded = others.map(range)
        for line in range(of: node) where !excluded.contains(where: { $0.contains(line) }) {
            let text = lines[line - 1]
            if let mark = text.firstRange(of: "# exception:") { return String(text[mark.upperBound...]).trimmed }
        }
        return ""
    }

    /// From the node's first line to its last, and on as long as there are comments only.
    private func range(of node: Node) -> ClosedRange<Int> {
        let all = marks(of: node)
        guard let first = all.min(), var last = all.max(), last <= lines.count else { return 1...1 }
        while last < lines.count, lines[last].trimmed.hasPrefix("#") { last += 1 }
        return first...last
    }

    private func marks(of node: Node) -> [Int] {
        let own = [node.mark?.line].compactMap { $0 }
        switch node {
        case .mapping(let mapping): return own + mapping.flatMap { marks(of: $0.key) + marks(of: $0.value) }
        case .sequence(let sequence): return own + sequence.flatMap(marks)
        case .scalar, .alias: return own
        }
    }
}
