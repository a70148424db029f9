internal import OCI

/// The rules about what the host is.
let hostRules: [CheckRule] = [
    CheckRule(.root, "the right to change the host", .always, checkRoot),
    CheckRule(.architecture, "the processor", .always, checkArchitecture),
    CheckRule(.libc, "the C library", .kubernetes, checkLibc),
    CheckRule(.initSystem, "what starts services", .kubernetes, checkInitSystem),
    CheckRule(.tools, "programs that Kubernetes calls", .kubernetes, checkTools),
]

/// CAP_SYS_ADMIN of `<linux/capability.h>`: what mounts and namespaces need.
private let administration = UInt64(1) << 21

@Sendable private func checkRoot(_ context: CheckContext) -> Finding {
    let need = "root with all capabilities"
    func field(_ name: String) -> [Substring] {
        let line = context.host.lines("/proc/self/status").first { $0.hasPrefix(name) }
        return (line ?? "").dropFirst(name.count).split(whereSeparator: \.isWhitespace)
    }
    // Uid: real, effective, saved, file system (proc(5))
    let ids = field("Uid:")
    guard ids.count == 4 else {
        return .fail("/proc/self/status can't be read", need: need, remedy: "mount -t proc proc /proc")
    }
    guard ids[1] == "0" else {
        return .fail("user \(ids[1])", need: need, remedy: "run it again with sudo")
    }
    let capabilities = field("CapEff:").first.flatMap { UInt64($0, radix: 16) } ?? 0
    guard capabilities & administration != 0 else {
        return .fail(
            "root without CAP_SYS_ADMIN: in a container or a restricted service", need: need,
            remedy: "run it on the host itself, as root")
    }
    return .pass("root", need: need)
}

@Sendable private func checkArchitecture(_ context: CheckContext) -> Finding {
    let machine = context.host.machine
    let platform = Platform(os: "linux", architecture: machine)
    let need = context.needs.platforms.map(\.description).joined(separator: " or ")
    guard context.needs.platforms.contains(platform) else {
        return .fail(
            "\(platform) (\(machine))", need: need, remedy: "build the bundle for \(platform), or take another host")
    }
    return .pass("\(platform)", need: need)
}

@Sendable private func checkLibc(_ context: CheckContext) -> Finding {
    let libraries: [(String, String)] = [
        ("glibc", "ld-linux-x86-64.so.2"), ("glibc", "ld-linux-aarch64.so.1"), ("musl", "ld-musl-x86_64.so.1"),
        ("musl", "ld-musl-aarch64.so.1"),
    ]
    let found = libraries.first { library in
        ["/lib64", "/lib"].contains { context.host.exists("\($0)/\(library.1)") }
    }
    return .pass(found?.0 ?? "none found", need: "any or none: everything is static")
}

@Sendable private func checkInitSystem(_ context: CheckContext) -> Finding {
    let need = "systemd or OpenRC"
    if context.host.hasSystemd { return .pass("systemd", need: need) }
    if context.host.isExecutable("/sbin/openrc-run") {
        guard context.host.exists("/run/openrc/softlevel") else {
            return .fail(
                "OpenRC is installed, but hasn't started this host", need: need,
                remedy: "boot with OpenRC (openrc-init, or sysvinit with OpenRC's inittab)")
        }
        return .pass("OpenRC", need: need)
    }
    return .fail(
        "process 1 is \(context.host.firstProcess ?? "unknown")", need: need,
        remedy: "k0s is started by systemd or OpenRC; boot the host with one of them, not inside a plain container")
}

/// Folders that services are given as their PATH.
private let programFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

extension Host {
    /// What the first process calls itself.
    fileprivate var firstProcess: String? { word("/proc/1/comm") }

    /// Whether systemd started this host: what sd_booted(3) looks at, or its name where a container has a fresh /run.
    package var hasSystemd: Bool { exists("/run/systemd/system") || firstProcess == "systemd" }

    /// Whether a program can be found as a service would look for it.
    func hasProgram(_ name: String) -> Bool { programFolders.contains { isExecutable("\($0)/\(name)") } }
}

/// The system users that k0s makes.
private let systemUsers = ["kube-apiserver", "kube-scheduler", "etcd", "konnectivity-server"]

@Sendable private func checkTools(_ context: CheckContext) -> Finding {
    let host = context.host
    let need = "mount, umount, modprobe, useradd or adduser"
    var missing = ["mount", "umount"].filter { !host.hasProgram($0) }
    let users = Set(host.lines("/etc/passwd").compactMap { $0.split(separator: ":").first.map { String($0) } })
    if !host.hasProgram("useradd"), !host.hasProgram("adduser"), !users.isSuperset(of: systemUsers) {
        missing.append("useradd or adduser")
    }
    guard missing.isEmpty else {
        return .fail(
            "missing: \(missing.joined(separator: ", "))", need: need,
            remedy: "install the packages util-linux and passwd (shadow) from your distribution's medium")
    }
    // iptables is not needed: k0s brings its own.
    let optional = ["iptables", "apparmor_parser"].filter { host.hasProgram($0) }
    guard host.hasProgram("modprobe") else {
        return .warn(
            "no modprobe", need: need,
            remedy: "install the package kmod, or have every module of the check kernel-modules loaded at boot")
    }
    return .pass((["all there"] + optional.map { "\($0) too" }).joined(separator: ", "), need: need)
}
