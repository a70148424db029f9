import BundleFormat
import FoundationEssentials
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Preflight

/// A folder that looks like the root of a host on which all is well, for one test to spoil.
struct FakeHost: ~Copyable {
    static let release = "6.1.0-test"
    static let neededOptions = [
        "CGROUPS", "CGROUP_SCHED", "FAIR_GROUP_SCHED", "NAMESPACES", "UTS_NS", "IPC_NS", "PID_NS", "NET_NS", "NET",
        "INET", "NETFILTER", "NF_CONNTRACK", "NETFILTER_XTABLES", "NETFILTER_XT_TARGET_REDIRECT",
        "NETFILTER_XT_MATCH_COMMENT", "EXT4_FS", "PROC_FS", "CFS_BANDWIDTH", "BLK_CGROUP", "NETFILTER_ADVANCED",
        "OVERLAY_FS",
    ]
    /// 2026-07-01 00:00 UTC
    static let now: Int64 = 1_782_864_000

    private let folder = TemporaryDirectory()
    var root: FilePath { folder.path }
    var options = PreflightOptions()
    var needs = PreflightNeeds(platforms: [.linuxAMD64])

    /// A healthy host.
    init() throws {
        options.host = Host(root: folder.path, machine: "x86_64", now: Self.now)
        for (path, text) in Self.files { try set(path, text) }
        for path in ["/bin/mount", "/bin/umount", "/usr/sbin/modprobe", "/usr/sbin/useradd", "/usr/sbin/ip"] {
            try setProgram(path)
        }
        try set("/run/systemd/system/.keep", "")
    }

    /// Writes a file below the root, given by its path on the host.
    func set(_ path: String, _ text: String) throws { try set(path, bytes: Array(text.utf8)) }

    func set(_ path: String, bytes: [UInt8]) throws {
        let place = root.string + path
        var open = fopen(place, "w")
        if open == nil {
            // Folders are made only where there are none: most files share theirs.
            for index in path.indices.dropFirst() where path[index] == "/" {
                mkdir(root.string + path[..<index], 0o755)
            }
            open = fopen(place, "w")
        }
        guard let file = open else { throw Errno(rawValue: errno) }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func setProgram(_ path: String) throws {
        try set(path, "#!/bin/sh\n")
        guard chmod(place(path).string, 0o755) == 0 else { throw Errno(rawValue: errno) }
    }

    func setLink(_ path: String, to target: String) throws {
        try set(path + ".beside", "")
        try remove(path + ".beside")
        guard symlink(target, place(path).string) == 0 else { throw Errno(rawValue: errno) }
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: place(path).string) }

    func place(_ path: String) -> FilePath { root.appending(String(path.drop { $0 == "/" })) }

    func report() async -> PreflightReport { await Preflight.run(needs, options) }

    /// One check alone.
    func check(_ name: CheckName) async throws -> PreflightReport.Check {
        if name == .k0sSysinfo { return await Preflight.sysinfo(needs, options) }
        guard let check = Preflight.checks(needs, options, only: [name]).first else { throw Missing(name: name) }
        return check
    }

    struct Missing: Error {
        let name: CheckName
    }

    /// The files that a host has, all of them texts of the kernel or of the administrator.
    static var paths: [String] { files.keys.sorted() }

    private static let files: [String: String] = [
        "/proc/self/status": "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n",
        "/proc/self/mountinfo": """
        27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        30 27 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw

        """,
        "/proc/1/comm": "systemd\n",
        "/proc/sys/kernel/osrelease": "\(release)\n", "/proc/sys/kernel/hostname": "node-1.example\n",
        "/boot/config-\(release)": neededOptions.map { "CONFIG_\($0)=y\n" }.joined(),
        "/lib/modules/\(release)/modules.dep":
            "kernel/fs/overlayfs/overlay.ko.xz:\nkernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko\n",
        "/lib/modules/\(release)/modules.builtin": "kernel/net/netfilter/nf-conntrack.ko\n",
        "/proc/modules": "ip_tables 36864 0 - Live 0x0000000000000000\n",
        "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids\n",
        "/proc/stat": "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\ncpu2 1 2 3\ncpu3 1 2 3\nintr 5\n",
        "/proc/meminfo": "MemTotal:       16000000 kB\nMemFree:  1000 kB\nMemAvailable:   15000000 kB\n",
        "/proc/swaps": "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
        "/proc/net/route": """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
        eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0

        """,
        "/proc/net/fib_trie": """
        Main:
          +-- 0.0.0.0/0 3 0 5
             |-- 0.0.0.0
                /0 universe UNICAST
             +-- 127.0.0.0/8 2 0 2
                   |-- 127.0.0.0
                      /8 host LOCAL
                   |-- 127.0.0.1
                      /32 host LOCAL
             +-- 192.0.2.0/24 2 0 2
                   |-- 192.0.2.0
                      /24 link UNICAST
                   |-- 192.0.2.2
                      /32 host LOCAL
                |-- 192.0.2.255
                   /32 link BROADCAST

        """,
        "/etc/hosts": "127.0.0.1 localhost\n192.0.2.2 node-1\n", "/etc/resolv.conf": "nameserver 192.0.2.53\n",
        "/proc/sys/vm/max_map_count": "65530\n", "/proc/sys/fs/nr_open": "1048576\n",
        "/proc/sys/fs/file-max": "9223372036854775807\n", "/proc/sys/fs/inotify/max_user_instances": "128\n",
        "/proc/sys/fs/inotify/max_user_watches": "65536\n",
    ]
}

/// Whether this process may mount: it has CAP_SYS_ADMIN, which root in a container may lack.
let canMount: Bool = {
    let line = Host.current.lines("/proc/self/status").first { $0.hasPrefix("CapEff:") } ?? ""
    let capabilities = line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
    return capabilities & 1 << 21 != 0
}()
let needsMounts: Comment = "needs root with CAP_SYS_ADMIN"

/// Whether tests may make network namespaces and set them up.
let canMakeNetworks = canMount && exists("/usr/bin/unshare") && exists("/usr/sbin/ip")
let needsNetworks: Comment = "needs root with CAP_SYS_ADMIN, util-linux and iproute2"
