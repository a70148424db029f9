internal import Definition
internal import OCI

/// The lint rules that look at one pod spec.
struct PodLinter {
    private let spec: PodSpec
    private let known: KnownHostPaths
    private(set) var findings: [LintFinding] = []

    init(_ spec: PodSpec, known: KnownHostPaths) {
        self.spec = spec
        self.known = known
    }

    mutating func run() {
        for (container, field, list) in spec.containers {
            pullPolicy(container, image: container["image"], policy: container["imagePullPolicy"], at: field)
            runtimeURLs(container, at: field)
            if list == "containers" { probes(container, at: field) }
            // Kubernetes takes no limits for an ephemeral container.
            if list != "ephemeralContainers" { limits(container, at: field) }
        }
        for (index, volume) in (spec.node["volumes"]?.elements ?? []).enumerated() {
            let field = (spec.field / "volumes")[index]
            if let image = volume["image"] {
                pullPolicy(image, image: image["reference"], policy: image["pullPolicy"], at: field / "image")
            }
            if let path = volume[path: "hostPath", "path"] {
                findings += hostPathFinding(
                    path, in: spec.object, field: field / "hostPath" / "path", known: known)
            }
        }
    }

    private mutating func pullPolicy(_ node: YAMLNode, image: YAMLNode?, policy: YAMLNode?, at field: FieldPath) {
        let remedy = "set imagePullPolicy to Never or IfNotPresent: the image is on the host before the pod is"
        if let policy, policy.text == "Always" {
            add(.pullPolicyAlways, policy, field / "imagePullPolicy", "Always asks a registry at every start", remedy)
        } else if policy?.text == nil, let image, let text = image.text {
            // A malformed name was refused before lint saw it.
            guard let reference = try? ImageReference(parsing: text), reference.tag == "latest", reference.digest == nil
            else { return }
            add(
                .pullPolicyAlways, image, field / "imagePullPolicy",
                "no pull policy: for the tag latest Kubernetes takes Always", remedy)
        }
    }

    private mutating func runtimeURLs(_ container: YAMLNode, at field: FieldPath) {
        let commands: [(YAMLNode?, FieldPath)] = [
            (container["command"], field / "command"), (container["args"], field / "args"),
            (
                container[path: "lifecycle", "postStart", "exec", "command"],
                field / "lifecycle" / "postStart" / "exec" / "command"
            ),
            (
                container[path: "lifecycle", "preStop", "exec", "command"],
                field / "lifecycle" / "preStop" / "exec" / "command"
            ),
        ]
        for (node, field) in commands {
            for (index, word) in (node?.elements ?? []).enumerated() {
                guard let text = word.text else { continue }
                for found in RuntimeFetch.all(in: text) {
                    add(
                        .runtimeURL, word, field[index], "'\(found)' would be fetched while the platform runs",
                        "put the file into the bundle (files:) or into the image")
                }
            }
            for found in RuntimeFetch.commands(in: (node?.elements ?? []).compactMap(\.text).joined(separator: " ")) {
                guard let node else { continue }
                add(
                    .runtimeURL, node, field, "'\(found)' installs from the Internet while the platform runs",
                    "install it into the image, or carry it in the bundle (files:)")
            }
        }
        for (index, variable) in (container["env"]?.elements ?? []).enumerated() {
            guard let name = variable["name"]?.text, let value = variable["value"], let text = value.text,
                RuntimeFetch.isPluginList(name), !text.allSatisfy(\.isWhitespace)
            else { continue }
            add(
                .runtimeURL, value, (field / "env")[index] / "value", "\(name) makes the container install '\(text)'",
                "install the plugins into the image, or carry them in the bundle (files:)")
        }
    }

    private mutating func probes(_ container: YAMLNode, at field: FieldPath) {
        let longRunning = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"]
        guard longRunning.contains(spec.object.kind), spec.field.description == "spec.template.spec" else { return }
        let missing = ["readinessProbe", "livenessProbe"].filter { container[$0]?.entries == nil }
        guard !missing.isEmpty else { return }
        add(
            .missingProbes, container, field,
            "container '\(name(container))' has no \(missing.joined(separator: " and no "))",
            "say how the container shows that it is ready, and that it is alive")
    }

    private mutating func limits(_ container: YAMLNode, at field: FieldPath) {
        // The resources of the whole pod, where they are given, bound its containers too.
        let missing = ["cpu", "memory"].filter {
            container[path: "resources", "limits", $0]?.text == nil
                && spec.node[path: "resources", "limits", $0]?.text == nil
        }
        guard !missing.isEmpty else { return }
        add(
            .missingLimits, container, field / "resources" / "limits",
            "container '\(name(container))' has no limit of \(missing.joined(separator: " and "))",
            "set resources.limits: on a single node one container can starve all others")
    }

    private func name(_ container: YAMLNode) -> String { container["name"]?.text ?? "?" }

    private mutating func add(
        _ rule: LintRule, _ node: YAMLNode, _ field: FieldPath, _ message: String, _ remedy: String
    ) {
        findings.append(
            LintFinding(
                rule: rule, severity: .error, file: spec.object.file, line: node.line, object: spec.object.label,
                field: field.description, message: message, remedy: remedy))
    }
}
