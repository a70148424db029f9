import BundleFormat
import Yams

/// Rules of what containers ask for.
extension ObjectGraph {
    /// Every container says what it asks for and what it may have at most, the one no more than the other.
    func unboundedContainers() -> [Finding] {
        containers.flatMap { container in
            ["cpu", "memory"].compactMap { name -> Finding? in
                guard let request = container.amount("requests", name)?.milliValue else {
                    return Finding(container, "no request of \(name)")
                }
                guard let limit = container.amount("limits", name)?.milliValue else {
                    return Finding(container, "no limit of \(name)")
                }
                return request > 0 && request <= limit
                    ? nil : Finding(container, "asks for more \(name) than its limit")
            }
        }
    }

    /// Every container has the policy that was chosen; without one Kubernetes would choose.
    func pullPolicies(otherThan policy: String) -> [Finding] {
        containers.compactMap { container in
            let own = container.node["imagePullPolicy"]?.string
            return own == policy ? nil : Finding(container, "its pull policy is \(own ?? "missing"), not \(policy)")
        }
    }

    /// Every JVM's heap, and every Flink process, stays below its container's limit, with room for what is no heap.
    func tooLargeHeaps() -> [Finding] {
        containers.flatMap { container -> [Finding] in
            guard let limit = container.amount("limits", "memory")?.value else { return [] }
            return heaps(of: container).compactMap { text, share in
                guard let size = Self.bytes(jvm: text) else { return Finding(container, "'\(text)' is no size") }
                return size <= limit * share / 100
                    ? nil : Finding(container, "\(text) leaves too little of its limit, \(limit >> 20) MiB")
            }
        }
    }

    /// The sizes that are set for `container`, and the share of its limit in percent that each may take.
    func heaps(of container: PodContainer) -> [(size: String, share: Int64)] {
        var sizes: [(size: String, share: Int64)] = []
        for (name, value) in container.environment.sorted(by: { $0.key < $1.key }) {
            if name.hasPrefix("NIFI_JVM_HEAP_") || name == "HEAP" { sizes.append((value, 75)) }
            for word in value.split(separator: " ") where word.hasPrefix("-Xmx") || word.hasPrefix("-Xms") {
                sizes.append((String(word.dropFirst(4)), 75))
            }
        }
        guard container.image.contains("/flink:"), !container.isInit else { return sizes }
        let role = ["jobmanager", "taskmanager"].first { container.words.joined(separator: " ").contains($0) }
        for text in all("ConfigMap").flatMap({ strings($0["data"]).values }) {
            for line in text.split(separator: "\n") {
                let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmed }
                if let role, pair.count == 2, pair[0] == "\(role).memory.process.size" { sizes.append((pair[1], 100)) }
            }
        }
        return sizes
    }

    /// A size as JVMs and Flink write it: a number and k, m or g.
    static func bytes(jvm text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        switch text.dropFirst(digits.count).lowercased() {
        case "": return number
        case "k", "kb": return number << 10
        case "m", "mb": return number << 20
        case "g", "gb": return number << 30
        default: return nil
        }
    }

    /// What the running platform asks for: every long-running pod, as often as it is wanted.
    func memoryRequested() -> Int64 {
        pods.filter(\.object.isLongRunning).map { pod in
            let replicas = pod.object["spec", "replicas"]?.int ?? 1
            return pod.memory("requests") * Int64(replicas)
        }.reduce(0, +)
    }
}

extension StringProtocol {
    /// Without spaces at both ends.
    var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
