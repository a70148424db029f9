internal import BundleFormat
internal import Definition

/// What one pod asks for, as the scheduler adds it up.
///
/// Containers run at the same time, init containers one after the other before them; an init container that restarts
/// (a sidecar) stays and counts with everything after it (Kubernetes `component-helpers/resource`, `PodRequests`).
struct PodResources {
    var cpuMillis: Int64 = 0
    var memoryBytes: Int64 = 0
    var memoryLimitBytes: Int64 = 0

    /// Adds up the containers of `spec`; throws where an amount is no quantity.
    init(of spec: PodSpec, shownAs shown: String) throws(DefinitionError) {
        let reader = QuantityReader(object: spec.object, shown: shown)
        var running = PodResources()
        var sidecars = PodResources()
        var peak = PodResources()
        for (node, field, list) in spec.containers {
            let own = try Self.container(node, field, reader)
            switch list {
            case "containers": running += own
            case "initContainers":
                peak.raise(to: sidecars + own)
                if node["restartPolicy"]?.text == "Always" { sidecars += own }
            default: break  // ephemeral containers take no resources of their own
            }
        }
        self = running + sidecars
        raise(to: peak)
        let whole = try Self.container(spec.node, spec.field, reader)
        // Amounts of the whole pod replace the sum of its containers'.
        if whole.cpuMillis > 0 { cpuMillis = whole.cpuMillis }
        if whole.memoryBytes > 0 { memoryBytes = whole.memoryBytes }
        if whole.memoryLimitBytes > 0 { memoryLimitBytes = whole.memoryLimitBytes }
        let overhead = spec.field / "overhead"
        cpuMillis.add(try reader.amount(spec.node[path: "overhead", "cpu"], overhead / "cpu")?.milliValue)
        memoryBytes.add(try reader.amount(spec.node[path: "overhead", "memory"], overhead / "memory")?.value)
    }

    private init() {}

    /// The requests of one container; a limit without a request is a request too.
    private static func container(
        _ node: YAMLNode, _ field: FieldPath, _ reader: QuantityReader
    ) throws(DefinitionError) -> PodResources {
        func amount(_ list: String, _ name: String) throws(DefinitionError) -> Quantity? {
            try reader.amount(node[path: "resources", list, name], field / "resources" / list / name)
        }
        var resources = PodResources()
        let cpu = (request: try amount("requests", "cpu"), limit: try amount("limits", "cpu"))
        let memory = (request: try amount("requests", "memory"), limit: try amount("limits", "memory"))
        resources.cpuMillis.add((cpu.request ?? cpu.limit)?.milliValue)
        resources.memoryBytes.add((memory.request ?? memory.limit)?.value)
        resources.memoryLimitBytes.add(memory.limit?.value)
        return resources
    }

    private mutating func raise(to other: PodResources) {
        cpuMillis = max(cpuMillis, other.cpuMillis)
        memoryBytes = max(memoryBytes, other.memoryBytes)
        memoryLimitBytes = max(memoryLimitBytes, other.memoryLimitBytes)
    }

    static func + (left: PodResources, right: PodResources) -> PodResources {
        var sum = left
        sum += right
        return sum
    }

    static func += (left: inout PodResources, right: PodResources) {
        left.cpuMillis.add(right.cpuMillis)
        left.memoryBytes.add(right.memoryBytes)
        left.memoryLimitBytes.add(right.memoryLimitBytes)
    }
}

/// Reads amounts of one object, and says where one is none.
struct QuantityReader {
    let object: ManifestObject
    /// The file as messages show it.
    let shown: String

    func amount(_ node: YAMLNode?, _ field: FieldPath) throws(DefinitionError) -> Quantity? {
        guard let node, let text = node.text else { return nil }
        guard let quantity = Quantity(text), quantity.value >= 0 else {
            // What a custom resource calls resources is for its operator to read.
            guard object.isCore else { return nil }
            throw DefinitionError(
                SourceLocation(file: shown, line: node.line),
                .invalid(
                    field: "\(object.label) \(field)", value: text,
                    rule: "a Kubernetes quantity is wanted, as in 500m, 1.5 or 2Gi"))
        }
        return quantity
    }
}

extension ManifestObject {
    /// Whether Kubernetes itself reads the object, and would refuse what is malformed in it.
    var isCore: Bool {
        PodSpec.coreKinds.contains(kind) || ["PersistentVolume", "PersistentVolumeClaim", "Service"].contains(kind)
    }
}

extension Int64 {
    /// Adds what is known; stays at the largest number rather than to overflow.
    mutating func add(_ other: Int64?) {
        let (sum, overflows) = addingReportingOverflow(other ?? 0)
        self = overflows ? .max : sum
    }

    /// `self` × `count`, or the largest number.
    func times(_ count: Int64) -> Int64 {
        let (product, overflows) = multipliedReportingOverflow(by: count)
        return overflows ? .max : product
    }
}
