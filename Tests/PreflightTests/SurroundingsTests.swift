import SystemPackage
import TestSupport
import Testing

@testable import Preflight

@Suite struct SurroundingsTests {
    @Test(arguments: [
        ("localhost", PreflightReport.Status.fail), ("localhost.localdomain", .fail), ("(none)", .fail), ("", .fail),
        ("node_1", .fail), ("-node", .fail), ("node-", .fail), ("a..b", .fail), ("nodé", .fail), ("Node1", .warn),
        ("node1", .pass), ("1", .pass), ("a.b-c.d", .pass), (String(repeating: "a", count: 64), .fail),
        (String(repeating: "a.", count: 40) + "b", .warn), (String(repeating: "a.", count: 127), .fail),
    ]) func hostname(_ name: String, _ status: PreflightReport.Status) async throws {
        let host = try FakeHost()
        try host.set("/proc/sys/kernel/hostname", name + "\n")
        #expect(try await host.check(.hostname).status == status)
    }

    @Test(.enabled(if: canMount, needsMounts)) func aRealHostnameOfANamespace() async throws {
        let host = try FakeHost()
        let script = "echo LOCALHOST-7 > /proc/sys/kernel/hostname; cat /proc/sys/kernel/hostname"
        try host.set("/proc/sys/kernel/hostname", try await Program.run("unshare", ["--uts", "sh", "-euc", script]))
        let check = try await host.check(.hostname)
        #expect(check.status == .warn)
        #expect(check.remedy?.hasPrefix("Kubernetes will call the node 'localhost-7'") == true)
    }

    @Test(arguments: [
        ("192.0.2.2 localhost\n", "localhost is 192.0.2.2"), ("127.0.0.1 node\n", "not in /etc/hosts"),
        ("#127.0.0.1 localhost\n", "not in /etc/hosts"), ("127.0.0.1 # localhost\n", "not in /etc/hosts"),
        ("localhost\n", "not in /etc/hosts"), ("127.0.0.1 localhost.localdomain\n", "not in /etc/hosts"),
        ("", "not in /etc/hosts"),
    ]) func localhost(_ text: String, _ measured: String) async throws {
        let host = try FakeHost()
        try host.set("/etc/hosts", text)
        let check = try await host.check(.localhost)
        #expect(check.status == .fail)
        #expect(check.measured == measured)
    }

    @Test func localhostAmongOtherNames() async throws {
        let host = try FakeHost()
        try host.set("/etc/hosts", "\n::1\tip6-localhost localhost # six\n")
        #expect(try await host.check(.localhost).measured == "::1")
    }

    @Test(
        arguments: [
            (0, PreflightReport.Status.fail), (1_767_225_599, .fail), (1_767_225_600, .pass), (2_900_000_000, .fail),
            (-5, .fail),
        ] as [(Int64, PreflightReport.Status)]) func clock(_ now: Int64, _ status: PreflightReport.Status) async throws
    {
        var host = try FakeHost()
        host.options.host.now = now
        #expect(try await host.check(.clock).status == status)
    }

    @Test func theBundleIsNotFromTheFuture() async throws {
        var host = try FakeHost()
        host.needs.created = FakeHost.now + 1
        let check = try await host.check(.clock)
        #expect(check.status == .fail)
        #expect(check.measured == "2026-07-01 00:00 UTC")
        host.needs.created = FakeHost.now
        #expect(try await host.check(.clock).status == .pass)
    }

    @Test func theHardwareClock() async throws {
        let host = try FakeHost()
        let place = "/sys/class/rtc/rtc0/since_epoch"
        try host.set(place, "\(FakeHost.now - 60)\n")
        #expect(try await host.check(.clock).status == .pass)
        try host.set(place, "\(FakeHost.now - 3600)\n")
        #expect(try await host.check(.clock).status == .warn)
        try host.set("/etc/adjtime", "0.0 0 0\n0\nLOCAL\n")
        #expect(try await host.check(.clock).status == .pass, "an hour is the zone's")
        try host.set("/etc/adjtime", "0.0 0 0\n0\nUTC\n")
        #expect(try await host.check(.clock).status == .warn)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-07-01T00:00:00Z", FakeHost.now),
            ("2026-07-01T02:30:00+02:30", FakeHost.now),
            ("2026-06-30t19:00:00.123456-05:00", FakeHost.now), ("2000-02-29 23:59:60z", 951_868_800),
            ("1969-12-31T23:59:59Z", -1), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)]) func timestamps(_ text: String, _ seconds: Int64)
    { #expect(Timestamp.seconds(text) == seconds) }

    @Test(arguments: [
        "", "2026-07-01", "2026-07-01T00:00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-07-01T24:00:00Z",
        "2026-07-01T00:00:00+2", "2026-07-01T00:00:00*02:00", "20é6-07-01T00:00:00Z", "-026-07-01T00:00:00Z",
        "2026/07/01T00:00:00Z", "2026-07-01T00:00:00.Zx",
    ]) func noTimestamp(_ text: String) { #expect(Timestamp.seconds(text) == nil) }

    @Test func datesAreShownAsTheyAreWritten() {
        for day in stride(from: Int64(-200_000), to: 3_000_000, by: 997) {
            let text = Timestamp.text(day * 86400 + 3660)
            let parts = text.split(separator: " ")
            let year = parts[0].split(separator: "-", omittingEmptySubsequences: false)
            guard year[0].utf8.count == 4 else { continue }
            #expect(Timestamp.seconds("\(parts[0])T\(parts[1]):00Z") == day * 86400 + 3660)
        }
    }

    @Test func firewalls() async throws {
        let host = try FakeHost()
        try host.set("/etc/ufw/ufw.conf", "# x\nENABLED=no\n")
        #expect(try await host.check(.firewall).status == .pass)
        try host.set("/etc/ufw/ufw.conf", "ENABLED=yes\n")
        #expect(try await host.check(.firewall).measured == "ufw is enabled")
        try host.set("/proc/812/comm", "firewalld\n")
        let check = try await host.check(.firewall)
        #expect(check.status == .warn)
        #expect(check.remedy?.contains("--add-source=10.244.0.0/16 --add-source=10.96.0.0/12") == true)
    }

    @Test func selinux() async throws {
        let host = try FakeHost()
        try host.set("/sys/fs/selinux/enforce", "0")
        #expect(try await host.check(.selinux).measured == "permissive")
        try host.set("/sys/fs/selinux/enforce", "1")
        let bare = try await host.check(.selinux)
        #expect(bare.status == .warn)
        #expect(bare.remedy?.hasPrefix("install the package container-selinux") == true)
        try host.set(
            "/etc/selinux/targeted/contexts/files/file_contexts", "/x system_u:object_r:container_runtime_exec_t:s0\n")
        #expect(try await host.check(.selinux).measured == "enforcing, with container-selinux")
    }

    @Test func apparmor() async throws {
        let host = try FakeHost()
        try host.set("/sys/module/apparmor/parameters/enabled", "N\n")
        #expect(try await host.check(.apparmor).measured == "off")
        try host.set("/sys/module/apparmor/parameters/enabled", "Y\n")
        #expect(try await host.check(.apparmor).status == .warn)
        try host.setProgram("/sbin/apparmor_parser")
        #expect(try await host.check(.apparmor).measured == "on")
    }

    @Test(arguments: [
        ("/etc/systemd/system/kubelet.service", "service kubelet"), ("/etc/init.d/k3s", "service k3s"),
        ("/etc/systemd/system/k0scontroller.service", "service k0scontroller"),
        ("/etc/kubernetes/admin.conf", "/etc/kubernetes"),
        ("/var/lib/kubelet/config.yaml", "/var/lib/kubelet"), ("/var/lib/k0s/pki/ca.crt", "/var/lib/k0s with pki"),
        ("/usr/local/bin/k0s", "/usr/local/bin/k0s"),
    ]) func otherKubernetes(_ path: String, _ measured: String) async throws {
        let host = try FakeHost()
        try host.set(path, "x")
        let check = try await host.check(.otherKubernetes)
        #expect(check.status == .fail)
        #expect(check.measured == measured)
    }

    /// It may be the platform itself, whose record is on a disk that is not mounted.
    @Test(arguments: [
        "/etc/systemd/system/k0sworker.service", "/var/lib/k0s/db/state.db", "/usr/bin/k0s", "/proc/41/comm",
    ]) func aK0sThatNobodyKnowsIsKeptBeforeAllElse(_ path: String) async throws {
        let host = try FakeHost()
        try host.set(path, "k0s\n")
        try host.set("/etc/kubernetes/admin.conf", "x")
        let remedy = try #require(try await host.check(.otherKubernetes).remedy)
        let lines = remedy.split(separator: "\n")
        #expect(lines.first?.contains("mount or restore /var/lib/sealift, and run this again") == true, "\(remedy)")
        #expect(lines.first?.contains("k0s reset") == false)
        #expect(lines.last?.contains("k0s reset, which deletes its data") == true, "\(remedy)")
    }

    @Test func anotherKubernetesIsToBeRemoved() async throws {
        let host = try FakeHost()
        try host.set("/etc/kubernetes/admin.conf", "x")
        let remedy = try #require(try await host.check(.otherKubernetes).remedy)
        #expect(remedy.hasPrefix("remove it first: kubeadm reset") && !remedy.contains("k0s"), "\(remedy)")
    }

    @Test func processesOfAnotherKubernetes() async throws {
        var host = try FakeHost()
        try host.set("/proc/41/comm", "kubelet\n")
        try host.setLink("/proc/41/exe", to: "/usr/bin/kubelet")
        #expect(try await host.check(.otherKubernetes).measured == "process 41 kubelet")
        host.options.isInstalled = true
        #expect(try await host.check(.otherKubernetes).status == .fail, "not ours")
    }

    @Test func ourOwnIsNoOther() async throws {
        var host = try FakeHost()
        try host.set("/proc/41/comm", "kubelet\n")
        try host.setLink("/proc/41/exe", to: "/var/lib/k0s/bin/kubelet")
        try host.set("/proc/42/comm", "k0s\n")
        try host.setLink("/proc/42/exe", to: "/usr/local/bin/k0s (deleted)")
        try host.set("/var/lib/k0s/pki/ca.crt", "x")
        try host.set("/usr/local/bin/k0s", "x")
        try host.set("/etc/systemd/system/k0scontroller.service", "x")
        #expect(try await host.check(.otherKubernetes).status == .fail)
        host.options.isInstalled = true
        #expect(try await host.check(.otherKubernetes).status == .pass)
    }

    @Test func whatDoesNoHarmIsLetBe() async throws {
        let host = try FakeHost()
        try host.setLink("/etc/systemd/system/kubelet.service", to: "/dev/null")
        try host.set("/var/lib/k0s/lost+found/.keep", "")
        try host.set("/proc/41/comm", "systemd-journal\n")
        #expect(try await host.check(.otherKubernetes).status == .pass)
        try host.set("/proc/51/comm", "containerd\n")
        try host.set("/proc/52/comm", "dockerd\n")
        let check = try await host.check(.otherKubernetes)
        #expect(check.status == .warn)
        #expect(check.measured == "containerd, dockerd runs too")
    }

    @Test func maxMapCount() async throws {
        var host = try FakeHost()
        #expect(try await host.check(.maxMapCount).status == .pass)
        host.needs.images = ["docker.io/library/nginx:1", "docker.elastic.co/elasticsearch/elasticsearch:7.17.10"]
        let check = try await host.check(.maxMapCount)
        #expect(check.status == .fail)
        #expect(check.measured == "vm.max_map_count is 65530")
        #expect(check.remedy?.hasPrefix("sysctl -w vm.max_map_count=262144; echo") == true)
        try host.set("/proc/sys/vm/max_map_count", "262144\n")
        #expect(try await host.check(.maxMapCount).status == .pass)
        try host.set("/proc/sys/vm/max_map_count", "many\n")
        #expect(try await host.check(.maxMapCount).status == .fail)
    }

    @Test(arguments: [
        ("1048576", "9223372036854775807", PreflightReport.Status.pass), ("1048576", "18446744073709551615", .pass),
        ("524288", "1048576", .warn), ("1048576", "500000", .warn), ("65535", "1048576", .fail),
        ("1048576", "65535", .fail),
    ]) func openFiles(_ process: String, _ system: String, _ status: PreflightReport.Status) async throws {
        let host = try FakeHost()
        try host.set("/proc/sys/fs/nr_open", process)
        try host.set("/proc/sys/fs/file-max", system)
        #expect(try await host.check(.openFiles).status == status)
    }

    @Test(arguments: [("127", "65536"), ("128", "8191")]) func inotify(_ instances: String, _ watches: String)
        async throws
    {
        let host = try FakeHost()
        try host.set("/proc/sys/fs/inotify/max_user_instances", instances)
        try host.set("/proc/sys/fs/inotify/max_user_watches", watches)
        let check = try await host.check(.inotify)
        #expect(check.status == .warn)
        #expect(check.measured == "\(instances) instances, \(watches) watches")
        try host.remove("/proc/sys/fs/inotify")
        #expect(try await host.check(.inotify).status == .warn)
    }
}

@Suite struct SysinfoTests {
    private func probe(_ name: String, _ category: String, _ message: String = "") -> String {
        """
        {"Path":["a"],"DisplayName":"\(name)","Prop":"v","Message":"\(message)","Category":"\(category)","Error":null}
        """
    }

    private func check(status: Int32, _ output: String) async throws -> PreflightReport.Check {
        var host = try FakeHost()
        host.options.runK0s = { arguments in
            guard arguments == ["sysinfo", "--data-dir", "/var/lib/k0s", "-o", "json"] else { return (2, "usage") }
            return (status, output)
        }
        return try await host.check(.k0sSysinfo)
    }

    @Test func rejectionsFailWarningsWarn() async throws {
        let pass = probe("Kernel", "pass")
        #expect(try await check(status: 0, "[\(pass)]").measured == "1 probes")
        let warned = try await check(status: 0, "[\(pass), \(probe("CFS", "warning", "no limits"))]")
        #expect(warned.status == .warn)
        #expect(warned.measured == "CFS: v, no limits")
        let rejected = try await check(
            status: 1, "[\(probe("CFS", "warning")), \(probe("cgroup", "rejected", "v1")), \(probe("disk", "error"))]")
        #expect(rejected.status == .fail)
        #expect(rejected.measured == "cgroup: v, v1; disk: v")
    }

    @Test(
        arguments: [
            (0, "Machine ID: x (pass)\n", PreflightReport.Status.pass), (1, "Error: unknown flag\n", .fail),
            (1, "[]", .fail),
            (0, "[]", .pass), (0, "", .pass), (1, "", .fail), (0, "[{}]", .pass),
        ] as [(Int32, String, PreflightReport.Status)])
    func outputOfOtherVersions(_ exit: Int32, _ output: String, _ status: PreflightReport.Status) async throws {
        #expect(try await check(status: exit, output).status == status)
    }

    /// There is no k0s on the host yet that could be run to see why.
    @Test func aK0sThatCantTellSaysWhy() async throws {
        let check = try await check(status: 1, "Usage:\nError: no such file: /proc/x\n")
        #expect(check.measured == "k0s sysinfo ended with 1: Error: no such file: /proc/x")
        #expect(try await self.check(status: 3, "[]").measured == "k0s sysinfo ended with 3")
    }

    @Test func withoutAK0sItIsSkippedAndOneThatCantBeRunFails() async throws {
        var host = try FakeHost()
        #expect(try await host.check(.k0sSysinfo).status == .skipped)
        host.options.runK0s = { _ in throw Errno.noSuchFileOrDirectory }
        let check = try await host.check(.k0sSysinfo)
        #expect(check.status == .fail)
        #expect(check.measured.contains("No such file"))
        host.needs.distribution = nil
        #expect(try await host.check(.k0sSysinfo).status == .skipped)
    }
}
