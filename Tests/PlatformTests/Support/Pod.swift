import BundleFormat
import Yams

/// What a workload runs.
struct Pod {
    let object: RenderedPlatform.Object
    let spec: Node

    /// `nil` for what runs nothing.
    init?(_ object: RenderedPlatform.Object) {
        guard let spec = object.podSpec, spec["containers"] != nil else { return nil }
        self.object = object
        self.spec = spec
    }

    var labels: [String: String] {
        object.kind == "CronJob"
            ? strings(object["spec", "jobTemplate", "spec", "template", "metadata", "labels"]) : object.podLabels
    }
    var usesHostNetwork: Bool { spec["hostNetwork"]?.bool == true }
    var volumes: [Node] { spec["volumes"]?.items ?? [] }

    /// Init containers first, as they run.
    var containers: [PodContainer] {
        ["initContainers", "containers"].flatMap { list in
            (spec[list]?.items ?? []).map { PodContainer(pod: self, node: $0, isInit: list == "initContainers") }
        }
    }

    func volume(_ name: String) -> Node? { volumes.first { $0["name"]?.string == name } }

    /// The claims that it mounts.
    var claims: [String] {
        let named = volumes.compactMap { $0["persistentVolumeClaim"]?["claimName"]?.string }
        let own = (object["spec", "volumeClaimTemplates"]?.items ?? []).compactMap { $0["metadata"]?["name"]?.string }
        return named + own
    }

    /// What a fully started pod asks for, or where `limits`, may have at most.
    func memory(_ list: String) -> Int64 {
        containers.filter { !$0.isInit }.compactMap { $0.amount(list, "memory")?.value }.reduce(0, +)
    }
}

/// One container of a pod.
struct PodContainer {
    let pod: Pod
    let node: Node
    let isInit: Bool

    var name: String { node["name"]?.string ?? "" }
    var image: String { node["image"]?.string ?? "" }
    /// Command and arguments.
    var words: [String] { ["command", "args"].flatMap { (node[$0]?.items ?? []).compactMap(\.string) } }
    var ports: [Node] { node["ports"]?.items ?? [] }
    var mounts: [Node] { node["volumeMounts"]?.items ?? [] }

    /// The literal variables.
    var environment: [String: String] {
        let variables = (node["env"]?.items ?? []).compactMap { variable -> (String, String)? in
            guard let name = variable["name"]?.string, let value = variable["value"]?.string else { return nil }
            return (name, value)
        }
        return Dictionary(variables) { _, last in last }
    }

    func amount(_ list: String, _ name: String) -> Quantity? { node["resources"]?[list]?[name]?.quantity }

    /// Whether it listens on the port of this number or name.
    func listens(on port: String) -> Bool {
        ports.contains { $0["containerPort"]?.string == port || $0["name"]?.string == port }
    }
}
