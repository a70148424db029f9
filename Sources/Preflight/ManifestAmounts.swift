internal import BundleFormat

/// What manifests ask for, read field by field: there is no YAML reader on this side.
///
/// Only for the difference that other values make to what the build has counted: what this reading takes for something
/// else is the same with both, and drops out.
struct ManifestAmounts {
    /// Requests and limits of all pods, times `replicas` or `parallelism`.
    private(set) var cpuMillis: Int64 = 0
    private(set) var memoryBytes: Int64 = 0
    private(set) var memoryLimitBytes: Int64 = 0
    /// The capacities of volumes, by the name of each.
    private(set) var capacities: [String: Int64] = [:]
    /// What claims ask for.
    private(set) var claimBytes: Int64 = 0
    /// Ports of the host, in their order; 0 where the value is not known.
    private(set) var ports: [Int] = []

    private var object = Object()

    /// Reads `texts`, manifests of one or several documents each; values that `expansion` hasn't got, and amounts below
    /// zero, count nothing.
    init(of texts: [String], _ expansion: ParameterExpansion) {
        for text in texts {
            for line in text.utf8.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
                read(line, expansion)
            }
            finishObject()
        }
    }

    /// One object, as far as it was read.
    private struct Object {
        /// How far the line of its `apiVersion` is indented.
        var indent: Int?
        var hasSpec = false
        var name: String?
        var replicas: Int64 = 1
        var cpuMillis: Int64 = 0
        var memoryBytes: Int64 = 0
        var memoryLimitBytes: Int64 = 0
        var claimBytes: Int64 = 0
        var isOnHostNetwork = false
        var hostPorts: [Int] = []
        var containerPorts: [Int] = []
        var container = Container()
        /// Whether the containers that follow only run before the others, which mostly ask for more.
        var isInitial = false
        /// `requests`, `limits` or `capacity`, and how far its line is indented.
        var list: (name: String, indent: Int)?
    }

    /// The resources of one container.
    private struct Container {
        var cpu: (request: Int64?, limit: Int64?)
        var memory: (request: Int64?, limit: Int64?)
    }

    private mutating func read(_ line: Substring.UTF8View, _ expansion: ParameterExpansion) {
        let indent = line.prefix { $0 == UInt8(ascii: " ") }.count
        guard indent < line.count else { return }
        if line.starts(with: "---".utf8) { finishObject() }
        if let list = object.list, indent <= list.indent { object.list = nil }
        var key: String?
        for token in FieldTokens(line) {
            switch token {
            case .key(let name):
                key = name
                switch name {
                case "apiVersion": begin(at: indent)
                case "spec": object.hasSpec = true
                case "resources": finishContainer()
                case "containers", "initContainers":
                    finishContainer()
                    object.isInitial = name == "initContainers"
                case _ where Self.lists.contains(name): object.list = (name, indent)
                default: break
                }
            case .value(let text):
                if let name = key { take(name, (try? expansion.expand(text)) ?? "") }
                key = nil
            }
        }
    }

    /// What begins with an `apiVersion` is an object of its own, unless it is part of another: a claim in a StatefulSet's
    /// templates, a reference to a field.
    private mutating func begin(at indent: Int) {
        if let outer = object.indent, indent > outer, object.hasSpec { return }
        finishObject()
        object.indent = indent
    }

    private static let lists: Set = ["requests", "limits", "capacity"]

    private mutating func take(_ key: String, _ text: String) {
        func quantity(_ field: (Quantity) -> Int64) -> Int64? { Quantity(text).map { max(0, field($0)) } }
        switch (key, object.list?.name) {
        case ("name", _): object.name = object.name ?? text
        case ("replicas", _), ("parallelism", _): object.replicas = max(0, Int64(text) ?? 1)
        case ("hostNetwork", _): object.isOnHostNetwork = text == "true"
        case ("hostPort", _), ("nodePort", _): object.hostPorts.append(Int(text) ?? 0)
        case ("containerPort", _): object.containerPorts.append(Int(text) ?? 0)
        case ("cpu", "requests"): object.container.cpu.request = quantity(\.milliValue)
        case ("cpu", "limits"): object.container.cpu.limit = quantity(\.milliValue)
        case ("memory", "requests"): object.container.memory.request = quantity(\.value)
        case ("memory", "limits"): object.container.memory.limit = quantity(\.value)
        case ("storage", "requests"): object.claimBytes = saturatingSum(object.claimBytes, quantity(\.value) ?? 0)
        case ("storage", "capacity"): capacities[object.name ?? ""] = quantity(\.value)
        default: break
        }
    }

    private mutating func finishContainer() {
        defer { object.container = Container() }
        guard !object.isInitial else { return }
        let (cpu, memory) = (object.container.cpu, object.container.memory)
        // A limit without a request is a request, too.
        object.cpuMillis = saturatingSum(object.cpuMillis, cpu.request ?? cpu.limit ?? 0)
        object.memoryBytes = saturatingSum(object.memoryBytes, memory.request ?? memory.limit ?? 0)
        object.memoryLimitBytes = saturatingSum(object.memoryLimitBytes, memory.limit ?? 0)
    }

    private mutating func finishObject() {
        finishContainer()
        func all(_ amount: Int64) -> Int64 {
            let (product, overflows) = amount.multipliedReportingOverflow(by: object.replicas)
            return overflows ? .max : product
        }
        cpuMillis = saturatingSum(cpuMillis, all(object.cpuMillis))
        memoryBytes = saturatingSum(memoryBytes, all(object.memoryBytes))
        memoryLimitBytes = saturatingSum(memoryLimitBytes, all(object.memoryLimitBytes))
        claimBytes = saturatingSum(claimBytes, all(object.claimBytes))
        ports += object.hostPorts + (object.isOnHostNetwork ? object.containerPorts : [])
        object = Object()
    }
}
