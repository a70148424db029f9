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
    /// Ports, of the host or not, in their order.
    private(set) var ports: [Int] = []

    private var object = Object()

    /// Reads `texts`, manifests of one or several documents each; values that `expansion` hasn't got count nothing.
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
        var name: String?
        var replicas: Int64 = 1
        var cpuMillis: Int64 = 0
        var memoryBytes: Int64 = 0
        var memoryLimitBytes: Int64 = 0
        var claimBytes: Int64 = 0
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
                case "apiVersion": finishObject()
                case "resources": finishContainer()
                case "containers", "initContainers":
                    finishContainer()
                    object.isInitial = name == "initContainers"
                case _ where Self.lists.contains(name): object.list = (name, indent)
                default: break
                }
            case .value(let text):
                if let name = key, let value = try? expansion.expand(text) { take(name, value) }
                key = nil
            }
        }
    }

    private static let lists: Set = ["requests", "limits", "capacity"]

    private mutating func take(_ key: String, _ text: String) {
        switch (key, object.list?.name) {
        case ("name", _): object.name = object.name ?? text
        case ("replicas", _), ("parallelism", _): object.replicas = max(0, Int64(text) ?? 1)
        case ("hostPort", _), ("nodePort", _), ("containerPort", _): ports.append(Int(text) ?? 0)
        case ("cpu", "requests"): object.container.cpu.request = Quantity(text)?.milliValue
        case ("cpu", "limits"): object.container.cpu.limit = Quantity(text)?.milliValue
        case ("memory", "requests"): object.container.memory.request = Quantity(text)?.value
        case ("memory", "limits"): object.container.memory.limit = Quantity(text)?.value
        case ("storage", "requests"):
            object.claimBytes = saturatingSum(object.claimBytes, Quantity(text)?.value ?? 0)
        case ("storage", "capacity"): capacities[object.name ?? ""] = Quantity(text)?.value
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
        object = Object()
    }
}
