import OCI
import Preflight
import TestSupport
import Testing

@Suite struct HostCheckTests {
    @Test(arguments: [
        ("Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0\n", "user 1000"), ("Uid:\t0\t1000\t0\t0\n", "user 1000"),
        ("Uid:\t1000\t0\t0\t0\nCapEff:\t00000000a80425fb\n", "root without CAP_SYS_ADMIN"),
        ("Uid:\t0\t0\t0\t0\n", "root without CAP_SYS_ADMIN"), ("Name: x\n", "/proc/self/status can't be read"),
        ("Uid:\t0\n", "/proc/self/status can't be read"),
    ]) func root(_ status: String, _ measured: String) async throws {
        let host = try FakeHost()
        try host.set("/proc/self/status", status)
        let check = try await host.check(.root)
        #expect(check.status == .fail)
        #expect(check.measured.hasPrefix(measured))
    }

    @Test(arguments: [("aarch64", true), ("x86_64", false), ("riscv64", true), ("", true)])
    func architecture(_ machine: String, _ fails: Bool) async throws {
        var host = try FakeHost()
        host.options.host.machine = machine
        #expect(try await host.check(.architecture).status == (fails ? .fail : .pass))
        host.needs.platforms = [.linuxAMD64, .linuxARM64]
        #expect(try await host.check(.architecture).status == (machine.hasPrefix("a") || !fails ? .pass : .fail))
    }

    @Test func libcIsOnlyReported() async throws {
        let host = try FakeHost()
        #expect(try await host.check(.libc).measured == "none found")
        try host.set("/lib/ld-musl-x86_64.so.1", "")
        #expect(try await host.check(.libc).measured == "musl")
        try host.set("/lib64/ld-linux-x86-64.so.2", "")
        #expect(try await host.check(.libc).measured == "glibc")
    }

    @Test func initSystem() async throws {
        let host = try FakeHost()
        try host.remove("/run/systemd")
        #expect(try await host.check(.initSystem).measured == "systemd", "in a container /run may be fresh")
        try host.set("/proc/1/comm", "init\n")
        let none = try await host.check(.initSystem)
        #expect(none.status == .fail)
        #expect(none.measured == "process 1 is init")
        try host.setProgram("/sbin/openrc-run")
        #expect(try await host.check(.initSystem).status == .fail)
        try host.set("/run/openrc/softlevel", "default")
        let openRC = try await host.check(.initSystem)
        #expect(openRC.status == .pass)
        #expect(openRC.measured == "OpenRC")
    }

    @Test(arguments: [("/bin/mount", "mount"), ("/bin/umount", "umount"), ("/usr/sbin/useradd", "useradd or adduser")])
    func tools(_ path: String, _ name: String) async throws {
        let host = try FakeHost()
        try host.remove(path)
        let check = try await host.check(.tools)
        #expect(check.status == .fail)
        #expect(check.measured == "missing: \(name)")
        // A file that can't be run is no program.
        try host.set(path, "text")
        #expect(try await host.check(.tools).status == .fail)
        try host.setProgram("/usr/local/bin/\(path.split(separator: "/").last ?? "")")
        #expect(try await host.check(.tools).status == .pass)
    }

    @Test func toolsThatAreNotNeededEverywhere() async throws {
        let host = try FakeHost()
        try host.remove("/usr/sbin/useradd")
        try host.setProgram("/usr/sbin/adduser")
        #expect(try await host.check(.tools).status == .pass)
        try host.remove("/usr/sbin/adduser")
        let users = ["root", "kube-apiserver", "kube-scheduler", "etcd", "konnectivity-server"]
        try host.set("/etc/passwd", users.map { "\($0):x:1:1::/:/bin/false\n" }.joined())
        #expect(try await host.check(.tools).status == .pass, "the users are there already")
        try host.remove("/usr/sbin/modprobe")
        #expect(try await host.check(.tools).status == .warn)
    }

    @Test(arguments: [
        ("6.1.0-18-amd64", PreflightReport.Status.pass), ("4.3.0", .pass), ("5.4", .pass), ("10.0.1", .pass),
        ("4.2.9", .warn), ("3.10.0-1160.el7", .warn), ("3.9.1", .fail), ("2.6.32", .fail), ("", .fail), ("x.y", .fail),
        ("6", .fail), ("99999999999999999999.1", .fail),
    ]) func kernelVersion(_ release: String, _ status: PreflightReport.Status) async throws {
        let host = try FakeHost()
        try host.set("/proc/sys/kernel/osrelease", release + "\n")
        #expect(try await host.check(.kernelVersion).status == status)
    }

    @Test func kernelConfig() async throws {
        let host = try FakeHost()
        let place = "/boot/config-\(FakeHost.release)"
        func options(without name: String) -> String {
            FakeHost.neededOptions.map { $0 == name ? "# CONFIG_\($0) is not set\n" : "CONFIG_\($0)=m\n" }.joined()
        }
        try host.set(place, options(without: "NF_CONNTRACK"))
        let lacking = try await host.check(.kernelConfig)
        #expect(lacking.status == .fail)
        #expect(lacking.measured == "\(place) lacks CONFIG_NF_CONNTRACK")
        try host.set(place, options(without: "CFS_BANDWIDTH"))
        #expect(try await host.check(.kernelConfig).status == .warn)
        try host.remove(place)
        #expect(try await host.check(.kernelConfig).measured == "no configuration found")
        try host.set("/lib/modules/\(FakeHost.release)/config", options(without: ""))
        #expect(try await host.check(.kernelConfig).status == .pass)
    }

    /// What the kernel tells of itself counts before a file that lies about.
    @Test func kernelConfigOfTheKernelItself() async throws {
        let host = try FakeHost()
        let all = FakeHost.neededOptions.map { "CONFIG_\($0)=y\n" }
        func pack(_ lines: [String]) -> [UInt8] { Tar.gzip(Array(lines.joined().utf8)) }
        try host.set("/proc/config.gz", bytes: pack(all.filter { $0 != "CONFIG_NF_CONNTRACK=y\n" }))
        #expect(try await host.check(.kernelConfig).measured == "/proc/config.gz lacks CONFIG_NF_CONNTRACK")
        try host.set("/proc/config.gz", bytes: pack(all))
        #expect(try await host.check(.kernelConfig).measured == "all in /proc/config.gz")
        try host.remove("/boot/config-\(FakeHost.release)")
        #expect(try await host.check(.kernelConfig).status == .pass)
        // Damaged or cut off: no word of it counts.
        for bytes in [[0x1F], Array(pack(all).dropLast(20)), Array("CONFIG_NET=y".utf8), []] as [[UInt8]] {
            try host.set("/proc/config.gz", bytes: bytes)
            #expect(try await host.check(.kernelConfig).measured == "no configuration found")
        }
    }

    @Test func kernelModules() async throws {
        let host = try FakeHost()
        #expect(
            try await host.check(.kernelModules).measured == "all there; to be loaded: overlay, br_netfilter")
        try host.remove("/lib/modules")
        let missing = try await host.check(.kernelModules)
        #expect(missing.status == .fail)
        #expect(missing.measured == "missing: overlay, nf_conntrack, br_netfilter")
        #expect(missing.remedy?.hasSuffix("modprobe -a overlay nf_conntrack br_netfilter") == true)
        // A kernel without modules at all shows by its files what it can do.
        try host.set("/proc/filesystems", "nodev\tsysfs\nnodev\toverlay\n")
        try host.set("/proc/sys/net/netfilter/nf_conntrack_max", "1")
        try host.set("/sys/module/br_netfilter/refcnt", "0")
        #expect(try await host.check(.kernelModules).measured == "all there")
    }

    @Test func ipTablesMayBeMissingWhereNfTablesIs() async throws {
        let host = try FakeHost()
        try host.set("/proc/modules", "x 1 0 - Live 0x0\n")
        #expect(try await host.check(.kernelModules).status == .fail)
        try host.set("/proc/modules", "nf_tables 1 0 - Live 0x0\n")
        #expect(try await host.check(.kernelModules).status == .warn)
    }

    @Test func cgroup() async throws {
        let host = try FakeHost()
        #expect(try await host.check(.cgroup).measured == "v2 with cpuset, cpu, io, memory, hugetlb, pids")
        try host.set("/sys/fs/cgroup/cgroup.controllers", "cpu io pids\n")
        #expect(try await host.check(.cgroup).measured == "v2 without cpuset, memory")
        try host.set("/sys/fs/cgroup/cgroup.controllers", "")
        #expect(try await host.check(.cgroup).status == .fail)
        let v1 = """
            31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
            32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu

            """
        try host.set("/proc/self/mountinfo", v1)
        let old = try await host.check(.cgroup)
        #expect(old.status == .fail)
        #expect(old.measured == "v1")
        #expect(old.remedy?.contains("systemd.unified_cgroup_hierarchy=1") == true)
        try host.set("/proc/self/mountinfo", v1 + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n")
        #expect(try await host.check(.cgroup).measured == "v1 (hybrid, v2 without controllers)")
        try host.set("/proc/self/mountinfo", "")
        #expect(try await host.check(.cgroup).measured == "nothing on /sys/fs/cgroup")
    }
}
