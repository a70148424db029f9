internal import BundleFormat

/// The rules about processor and memory.
let capacityRules: [CheckRule] = [
    CheckRule(.cpu, "processor cores", .workloads, checkCPU),
    CheckRule(.memory, "memory", .workloads, checkMemory),
    CheckRule(.swap, "swap", .kubernetes, checkSwap),
]

/// What k0s itself takes as controller and worker on one node (k0s documentation, system requirements).
private let kubernetesCPUMillis: Int64 = 1000
private let kubernetesMemory: Int64 = 1 << 30

@Sendable private func checkCPU(_ context: CheckContext) -> Finding {
    let own = context.needs.distribution == nil ? 0 : kubernetesCPUMillis
    let asked = saturatingSum(context.needs.workloads.cpuMillis, own)
    let need = "\(cores(asked)) cores requested\(own > 0 ? ", \(cores(own)) of it by Kubernetes" : "")"
    let count = context.host.lines("/proc/stat").filter {
        $0.hasPrefix("cpu") && $0.dropFirst(3).first?.isNumber == true
    }
    .count
    guard count > 0 else {
        return .warn("/proc/stat can't be read", need: need, remedy: "mount -t proc proc /proc")
    }
    let requested = context.needs.workloads.cpuMillis
    // Requests are what the scheduler places pods by: beyond them a pod stays pending for ever.
    guard requested <= Int64(count) * 1000 else {
        return .fail(
            "\(count) cores", need: need,
            remedy: "take a host with \(cores(asked)) cores, or a smaller profile of the bundle")
    }
    guard asked <= Int64(count) * 1000 else {
        return .warn("\(count) cores", need: need, remedy: "it will run, but slowly: Kubernetes itself needs a core")
    }
    return .pass("\(count) cores", need: need)
}

private func cores(_ millis: Int64) -> String {
    let tenths = millis / 100 + (millis % 100 > 0 ? 1 : 0)
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}

@Sendable private func checkMemory(_ context: CheckContext) -> Finding {
    let own = context.needs.distribution == nil ? 0 : kubernetesMemory
    let asked = saturatingSum(context.needs.workloads.memoryBytes, own)
    let peak = saturatingSum(context.needs.workloads.memoryLimitBytes, own)
    let need = "\(shownBytes(asked)) requested, \(shownBytes(max(asked, peak))) at most"
    let meminfo = MemoryInformation(parsing: context.host.text("/proc/meminfo") ?? "")
    guard let total = meminfo["MemTotal"], let available = meminfo["MemAvailable"] ?? meminfo["MemFree"] else {
        return .fail("/proc/meminfo can't be read", need: need, remedy: "mount -t proc proc /proc")
    }
    let found = "\(shownBytes(total)), \(shownBytes(available)) available"
    guard total >= asked else {
        return .fail(
            found, need: need, remedy: "take a host with \(shownBytes(asked)) of memory, or a smaller profile")
    }
    // What the platform uses already, on a second run, is not missing.
    guard available >= asked || context.options.isInstalled else {
        return .warn(
            found, need: need,
            remedy: "other programs use \(shownBytes(total - available)): stop them, or pods may be killed")
    }
    guard total >= peak else {
        return .warn(found, need: need, remedy: "pods may be killed when all of them reach their limits at once")
    }
    return .pass(found, need: need)
}

@Sendable private func checkSwap(_ context: CheckContext) -> Finding {
    let need = "none, or slow pods are accepted"
    // Filename Type Size Used Priority; sizes in KiB (proc(5))
    let sizes = context.host.lines("/proc/swaps").dropFirst().compactMap { line -> Int64? in
        let fields = line.split(whereSeparator: \.isWhitespace)
        return fields.count >= 5 ? Int64(fields[2]) : nil
    }
    guard !sizes.isEmpty else { return .pass("none", need: need) }
    return .warn(
        shownBytes(sizes.reduce(0, saturatingSum) << 10), need: need,
        remedy: "k0s accepts swap; to be without: swapoff -a, and remove it from /etc/fstab")
}

/// `/proc/meminfo` (proc(5)): values by name, in bytes.
struct MemoryInformation {
    private let values: [String: Int64]

    init(parsing text: String) {
        var values: [String: Int64] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 2, fields[0].hasSuffix(":"), let number = Int64(fields[1]), number >= 0 else {
                continue
            }
            let (bytes, overflows) = number.multipliedReportingOverflow(by: fields.count > 2 ? 1024 : 1)
            if !overflows { values[String(fields[0].dropLast())] = bytes }
        }
        self.values = values
    }

    subscript(name: String) -> Int64? { values[name] }
}
