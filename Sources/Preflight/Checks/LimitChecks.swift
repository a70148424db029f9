/// The rules about the kernel's limits.
let limitRules: [CheckRule] = [
    CheckRule(.maxMapCount, "memory maps of a process", .workloads, checkMaxMapCount),
    CheckRule(.openFiles, "open files", .kubernetes, checkOpenFiles),
    CheckRule(.inotify, "watched files", .kubernetes, checkInotify),
]

private func sysctl(_ name: String, _ value: Int64) -> String {
    "sysctl -w \(name)=\(value); echo \(name)=\(value) > /etc/sysctl.d/90-\(name.split(separator: ".").last ?? "").conf"
}

@Sendable private func checkMaxMapCount(_ context: CheckContext) -> Finding {
    let wanted: Int64 = 262_144
    let searcher = context.needs.images.first { image in
        ["elasticsearch", "opensearch"].contains { image.contains($0) }
    }
    let value = context.host.number("/proc/sys/vm/max_map_count")
    let found = value.map { "\($0)" } ?? "unknown"
    guard let searcher else { return .pass(found, need: "nothing special") }
    let need = "\(wanted) for \(searcher)"
    guard let value, value >= wanted else {
        return .fail("vm.max_map_count is \(found)", need: need, remedy: sysctl("vm.max_map_count", wanted))
    }
    return .pass(found, need: need)
}

@Sendable private func checkOpenFiles(_ context: CheckContext) -> Finding {
    // What k0s' service asks for, and what its own check wants at least.
    let asked: Int64 = 999_999
    let least: Int64 = 65_536
    let need = "\(asked) a process, \(least) at least"
    guard let process = context.host.number("/proc/sys/fs/nr_open") else {
        return .warn("/proc/sys/fs/nr_open can't be read", need: need, remedy: "mount -t proc proc /proc")
    }
    // Larger than Int64 on kernels of 64 bits: no limit.
    let system = context.host.number("/proc/sys/fs/file-max") ?? .max
    let found = system == .max ? "\(process) a process" : "\(process) a process, \(system) in all"
    let remedy = sysctl("fs.nr_open", 1_048_576) + (system < asked ? "\n" + sysctl("fs.file-max", 1_048_576) : "")
    guard process >= least, system >= least else { return .fail(found, need: need, remedy: remedy) }
    guard process >= asked, system >= asked else { return .warn(found, need: need, remedy: remedy) }
    return .pass(found, need: need)
}

@Sendable private func checkInotify(_ context: CheckContext) -> Finding {
    // Below the kernel's own defaults kubelet and containerd run out of them with a few dozen pods.
    let instances: Int64 = 128
    let watches: Int64 = 8192
    let need = "\(instances) instances, \(watches) watches a user"
    let folder = "/proc/sys/fs/inotify"
    guard let has = context.host.number("\(folder)/max_user_instances"),
        let sees = context.host.number("\(folder)/max_user_watches")
    else { return .warn("the kernel has no inotify", need: need, remedy: "boot the distribution's standard kernel") }
    let found = "\(has) instances, \(sees) watches"
    guard has >= instances, sees >= watches else {
        return .warn(
            found, need: need,
            remedy: sysctl("fs.inotify.max_user_instances", 512) + "\n" + sysctl("fs.inotify.max_user_watches", 524_288)
        )
    }
    return .pass(found, need: need)
}
