import Yams

/// Rules of the checks after each stage.
extension ObjectGraph {
    static let layers = ["connectivity", "function", "integration"]

    /// Every check is a Job that ends, says what it proves, and is named after stage and layer.
    func malformedChecks() -> [Finding] {
        objects.filter { $0.kind == "Job" || $0.kind == "CronJob" }.flatMap { job -> [Finding] in
            var findings: [Finding] = []
            for field in ["activeDeadlineSeconds", "backoffLimit"] where job["spec", field]?.int == nil {
                findings.append(Finding(job, "no \(field)"))
            }
            if job.podSpec?["restartPolicy"]?.string != "Never" { findings.append(Finding(job, "starts again")) }
            guard job.isCheck else { return findings }
            let layer = strings(job["metadata", "annotations"])["sealift/layer"] ?? ""
            if !Self.layers.contains(layer) { findings.append(Finding(job, "is of no layer: '\(layer)'")) }
            let stem = "check-\(job.stage)-\(layer)"
            // What is proved by all stages together is named after what it proves.
            let isPattern = job.file.contains("/patterns/") && job.name.hasPrefix("check-pattern-")
            if job.name != stem, !job.name.hasPrefix(stem + "-"), !isPattern {
                findings.append(Finding(job, "is not named \(stem)"))
            }
            return findings
        }
    }

    /// Every stage has checks of all layers.
    func stagesWithoutLayers() -> [Finding] {
        stages.flatMap { stage -> [Finding] in
            let found = objects.filter { $0.isCheck && $0.stage == stage }.map {
                strings($0["metadata", "annotations"])["sealift/layer"] ?? ""
            }
            return Self.layers.filter { !found.contains($0) }.map { Finding(stage, "no check of the layer \($0)") }
        }
    }

    /// A script that a container or a probe gives to a shell, or a ConfigMap holds.
    struct Script: Hashable {
        let place: String
        let shell: String
        let text: String
    }

    /// All scripts, each once.
    var scripts: [Script] {
        var seen: Set<String> = []
        let ofContainers = containers.flatMap { container -> [Script] in
            let probes = ["readinessProbe", "livenessProbe", "startupProbe"].map { container.node[$0] }
            let hooks = ["postStart", "preStop"].map { container.node["lifecycle"]?[$0] }
            let commands =
                [container.words]
                + (probes + hooks).map { ($0?["exec"]?["command"]?.items ?? []).compactMap(\.string) }
            return commands.compactMap { Script(Finding(container, "").place, command: $0) }
        }
        let ofMaps = all("ConfigMap").flatMap { map in
            strings(map["data"]).filter { $0.key.hasSuffix(".sh") }.sorted { $0.key < $1.key }.map {
                Script(
                    place: "\(map.title) \($0.key)", shell: $0.value.hasPrefix("#!/bin/bash") ? "bash" : "sh",
                    text: $0.value)
            }
        }
        return (ofContainers + ofMaps).filter { seen.insert($0.shell + $0.text).inserted }
    }

    /// Checks that come through Traefik without the one name, `host`, to which its pages answer.
    func checksThatTraefikTurnsAway(host: String) -> [Finding] {
        containers.filter(\.pod.object.isCheck).flatMap { container in
            container.words.filter { text in
                // A page that nobody has is found nowhere, whatever the name.
                let pages = text.matches(of: /https?:\/\/traefik\/([a-z\/-]*)/).map(\.output.1)
                return pages.contains { $0 != "no-such-page" } && !text.contains(host)
            }.map { _ in Finding(container, "asks Traefik for a page by a name that has none") }
        }
    }

    /// Containers whose shell stays, and hears nothing of a stop: it neither hands over to its program nor has a trap.
    func containersDeafToAStop() -> [Finding] {
        containers.filter(\.isToRunOn).flatMap { container -> [Finding] in
            guard let script = Script(container.name, command: container.words) else { return [] }
            let last = script.text.split(separator: "\n").last?.trimmed ?? ""
            return last.hasPrefix("exec ") || script.text.contains("trap ")
                ? [] : [Finding(container, "its shell does not pass a stop on")]
        }
    }

    /// Kubernetes writes `$` for `$$` in commands, so a shell's own process number does not reach it.
    func commandsThatKubernetesChanges() -> [Finding] {
        containers.flatMap { container in
            container.words.filter { $0.contains("$$") }.map { _ in
                Finding(container, "Kubernetes turns $$ in its command into $")
            }
        }
    }
}

extension ObjectGraph.Script {
    /// The script in a command such as `sh -ec SCRIPT`; `nil` where there is none.
    init?(_ place: String, command: [String]) {
        guard let shell = command.first?.split(separator: "/").last, ["sh", "bash"].contains(shell),
            let flag = command.dropFirst().firstIndex(where: { $0.hasPrefix("-") && $0.contains("c") }),
            command.index(after: flag) < command.endIndex
        else { return nil }
        self.init(place: place, shell: String(shell), text: command[command.index(after: flag)])
    }
}
