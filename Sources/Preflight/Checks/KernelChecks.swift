/// The rules about the kernel.
let kernelRules: [CheckRule] = [
    CheckRule(.kernelVersion, "the kernel's version", .kubernetes, checkKernelVersion),
    CheckRule(.kernelConfig, "what the kernel was built with", .kubernetes, checkKernelConfig),
    CheckRule(.kernelModules, "kernel modules", .kubernetes, checkKernelModules),
    CheckRule(.cgroup, "control groups", .kubernetes, checkCgroup),
]

extension Host {
    /// What `uname -r` prints.
    var kernelRelease: String { word("/proc/sys/kernel/osrelease") ?? "" }
}

@Sendable private func checkKernelVersion(_ context: CheckContext) -> Finding {
    let release = context.host.kernelRelease
    let need = "4.3 or newer"
    let numbers = release.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isASCII && $0.isNumber }) ?? -1 }
    guard numbers.count == 2, numbers.allSatisfy({ $0 >= 0 }) else {
        return .fail("'\(release)' is no version", need: need, remedy: "mount -t proc proc /proc")
    }
    switch (numbers[0], numbers[1]) {
    case (4, 3...), (5..., _): return .pass(release, need: need)
    case (3, 10...), (4, _):
        return .warn(release, need: need, remedy: "features may be missing; update the distribution's kernel")
    default: return .fail(release, need: need, remedy: "install a newer kernel of your distribution")
    }
}

/// Options that k0s refuses to start without, or warns about (k0s 1.36, internal/pkg/sysinfo).
private let neededOptions = [
    "CGROUPS", "CGROUP_SCHED", "FAIR_GROUP_SCHED", "NAMESPACES", "UTS_NS", "IPC_NS", "PID_NS", "NET_NS", "NET", "INET",
    "NETFILTER", "NF_CONNTRACK", "NETFILTER_XTABLES", "NETFILTER_XT_TARGET_REDIRECT", "NETFILTER_XT_MATCH_COMMENT",
    "EXT4_FS", "PROC_FS",
]
private let wantedOptions = ["CFS_BANDWIDTH", "BLK_CGROUP", "NETFILTER_ADVANCED", "OVERLAY_FS"]

@Sendable private func checkKernelConfig(_ context: CheckContext) -> Finding {
    let need = "\(neededOptions.count) options that containers and Kubernetes' network need"
    guard let (place, text) = kernelConfiguration(of: context.host) else {
        return .warn(
            "no configuration found", need: need,
            remedy: "k0s looks at the kernel itself when it starts; modprobe configs may provide /proc/config.gz")
    }
    var set: Set<Substring> = []
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("CONFIG_") {
        let parts = line.dropFirst("CONFIG_".count).split(separator: "=", maxSplits: 1)
        if parts.count == 2, parts[1] == "y" || parts[1] == "m" { set.insert(parts[0]) }
    }
    let missing = neededOptions.filter { !set.contains(Substring($0)) }
    guard missing.isEmpty else {
        return .fail(
            "\(place) lacks \(missing.map { "CONFIG_\($0)" }.joined(separator: ", "))", need: need,
            remedy: "boot a kernel of your distribution that is not cut down (not a microVM's or an appliance's)")
    }
    let unset = wantedOptions.filter { !set.contains(Substring($0)) }
    guard unset.isEmpty else {
        return .warn(
            "\(place) lacks \(unset.map { "CONFIG_\($0)" }.joined(separator: ", "))", need: need,
            remedy: "resource limits or networking may not work fully; take the distribution's standard kernel")
    }
    return .pass("all in \(place)", need: need)
}

/// The running kernel's configuration and where it was found: what the kernel says of itself before files that somebody
/// put beside it; `nil` where there is none that can be read.
private func kernelConfiguration(of host: Host) -> (place: String, text: String)? {
    let release = host.kernelRelease
    let own = "/proc/config.gz"
    if let text = host.unpackedText(own) { return (own, text) }
    let places = [
        "/boot/config-\(release)", "/lib/modules/\(release)/config", "/usr/lib/modules/\(release)/config",
        "/usr/lib/ostree-boot/config-\(release)", "/usr/lib/kernel/config-\(release)",
    ]
    return places.lazy.compactMap { place in host.text(place).map { (place, $0) } }.first
}

/// Modules that k0s loads, each with a sign of a kernel that has it built in.
private let neededModules = [
    (name: "overlay", sign: ""), (name: "nf_conntrack", sign: "/proc/sys/net/netfilter/nf_conntrack_max"),
    (name: "br_netfilter", sign: "/proc/sys/net/bridge/bridge-nf-call-iptables"),
    (name: "ip_tables", sign: "/proc/net/ip_tables_names"),
]

@Sendable private func checkKernelModules(_ context: CheckContext) -> Finding {
    let host = context.host
    let need = neededModules.map(\.name).joined(separator: ", ")
    let inventory = ModuleInventory(of: host)
    let states = neededModules.map { module in
        (module.name, inventory.state(of: module.name, sign: module.sign))
    }
    let missing = states.filter { $0.1 == .missing }.map(\.0)
    guard missing.isEmpty else {
        // nf_tables has taken the place of ip_tables on kernels of some distributions.
        let isSerious = missing != ["ip_tables"] || inventory.state(of: "nf_tables", sign: "") == .missing
        let text = "missing: \(missing.joined(separator: ", "))"
        let remedy =
            "install the package with the kernel's modules for \(host.kernelRelease) "
            + "(linux-image, kernel-modules-extra), then: modprobe -a \(missing.joined(separator: " "))"
        return isSerious ? .fail(text, need: need, remedy: remedy) : .warn(text, need: need, remedy: remedy)
    }
    let loadable = states.filter { $0.1 == .loadable }.map(\.0)
    return .pass(
        loadable.isEmpty ? "all there" : "all there; to be loaded: \(loadable.joined(separator: ", "))", need: need)
}

/// Which modules the running kernel has, and which it could load.
private struct ModuleInventory {
    enum State { case present, loadable, missing }

    private let host: Host
    private let builtIn: Set<String>
    private let loadable: Set<String>

    init(of host: Host) {
        self.host = host
        let folders = ["/lib/modules", "/usr/lib/modules"].map { "\($0)/\(host.kernelRelease)" }
        let folder = folders.first { host.exists("\($0)/modules.dep") } ?? folders[0]
        builtIn = Set(host.lines("\(folder)/modules.builtin").map(Self.name))
        loadable = Set(host.lines("\(folder)/modules.dep").map { Self.name($0.prefix { $0 != ":" }) })
    }

    func state(of name: String, sign: String) -> State {
        let isLoaded = host.lines("/proc/modules").contains { $0.prefix { $0 != " " } == name }
        let isKnown = name == "overlay" && host.lines("/proc/filesystems").contains { $0.hasSuffix("\toverlay") }
        let hasSign = !sign.isEmpty && host.exists(sign)
        if isLoaded || isKnown || hasSign || builtIn.contains(name) || host.exists("/sys/module/\(name)") {
            return .present
        }
        return loadable.contains(name) ? .loadable : .missing
    }

    /// `kernel/fs/overlayfs/overlay.ko.xz` is `overlay`; dashes and underscores are one to the kernel.
    private static func name(_ path: Substring) -> String {
        let file = path.split(separator: "/").last ?? ""
        return file.prefix { $0 != "." }.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "_")
    }
}

@Sendable private func checkCgroup(_ context: CheckContext) -> Finding {
    let need = "cgroup v2 with \(neededControllers.joined(separator: ", "))"
    let root = context.mounts["/sys/fs/cgroup"]
    guard let root, root.type == "cgroup2" else {
        let isHybrid = context.mounts.mounts.contains { $0.type == "cgroup2" }
        let remedy =
            "add systemd.unified_cgroup_hierarchy=1 to the kernel's command line "
            + "(GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub) and reboot"
        let found =
            root == nil ? "nothing on /sys/fs/cgroup" : isHybrid ? "v1 (hybrid, v2 without controllers)" : "v1"
        let openRC = "with OpenRC: rc_cgroup_mode=\"unified\" in /etc/rc.conf, rc-update add cgroups, reboot"
        return .fail(found, need: need, remedy: remedy + "\n" + openRC)
    }
    let controllers = (context.host.word("/sys/fs/cgroup/cgroup.controllers") ?? "").split(separator: " ")
    let missing = neededControllers.filter { !controllers.contains(Substring($0)) }
    guard missing.isEmpty else {
        return .fail(
            "v2 without \(missing.joined(separator: ", "))", need: need,
            remedy: "remove cgroup_disable=… and cgroup v1 mounts of these controllers, then reboot")
    }
    return .pass("v2 with \(controllers.joined(separator: ", "))", need: need)
}

/// Controllers with a file of their own; devices and freezer are part of every v2 hierarchy, cpuacct is of cpu.
private let neededControllers = ["cpu", "cpuset", "memory", "pids"]
