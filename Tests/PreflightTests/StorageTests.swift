import BundleFormat
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Preflight

/// Runs `body` with a tmpfs mounted on `path`; the mount goes with the closure.
private func withMount<Result>(
    _ options: String, flags: UInt = 0, on path: FilePath, _ body: () async throws -> Result
) async throws -> Result {
    try write([], to: path.appending(".keep"))
    guard mount("tmpfs", path.string, "tmpfs", flags, options) == 0 else { throw Errno(rawValue: errno) }
    defer { umount2(path.string, CInt(MNT_DETACH)) }
    return try await body()
}

@Suite struct StorageTests {
    private let mebi: Int64 = 1 << 20

    /// A fake host whose data has a tmpfs of its own; of 4 GiB that nothing is written to.
    private func withData(
        _ options: String = "size=4g", flags: UInt = 0, _ body: (inout FakeHost) async throws -> Void
    ) async throws {
        var host = try FakeHost()
        try await withMount(options, flags: flags, on: host.place("/var/lib/k0s")) { try await body(&host) }
    }

    @Test(.enabled(if: canMount, needsMounts))
    func diskCountsImagesTwiceKubernetesAndWhatKubeletWantsFree() async throws {
        try await withData { host in
            host.needs.imageBytes = 500_000_000
            host.needs.unpackedBytes = 700_000_000
            // 0.5 + 0.7 × 1.05 + 2 = 3.235 GB, and 15 % of 4.29 GB
            let full = try await host.check(.disk)
            #expect(full.status == .pass)
            #expect(full.need.contains("3.2 GB and 15 % (644.2 MB) left free"))
            host.needs.imageBytes = 1_000_000_000
            let tooMuch = try await host.check(.disk)
            #expect(tooMuch.status == .fail)
            #expect(tooMuch.remedy?.hasPrefix("free ") == true)
            host.options.storedBytes = 1_000_000_000
            #expect(try await host.check(.disk).status == .pass, "what is stored already is not needed again")
            host.options.storedBytes = 0
            host.options.isInstalled = true
            #expect(try await host.check(.disk).status == .pass, "Kubernetes is there already")
        }
    }

    @Test(.enabled(if: canMount, needsMounts)) func aFullDiskIsMeasuredAsItIs() async throws {
        try await withData("size=8m") { host in
            host.needs.distribution = nil
            host.needs.imageBytes = 4 * mebi
            #expect(try await host.check(.disk).status == .pass)
            try write([UInt8](repeating: 1, count: 6 << 20), to: host.place("/var/lib/k0s/filler"))
            let check = try await host.check(.disk)
            #expect(check.status == .fail)
            #expect(check.measured.contains("2.1 MB free at /var/lib/k0s"))
        }
    }

    @Test(.enabled(if: canMount, needsMounts))
    func volumesCountWhereTheyAreAndTheRestWithTheData() async throws {
        try await withData { host in
            let volume = host.place("/srv/data")
            try await withMount("size=64m", on: volume) {
                host.needs.distribution = nil
                host.needs.workloads.hostPaths = [
                    .init(path: "/srv/data/db/deep", owner: "PersistentVolume/db", bytes: 60 * mebi),
                    .init(path: "/proc", owner: "DaemonSet/x"),
                ]
                host.needs.workloads.volumeBytes = 60 * mebi
                #expect(try await host.check(.disk).status == .pass)
                host.needs.workloads.hostPaths[0].bytes = 65 * mebi
                let check = try await host.check(.disk)
                #expect(check.status == .fail)
                #expect(check.measured.contains("67.1 MB free at /srv/data/db/deep"))
                #expect(check.remedy == "free 1 MB, or mount a larger disk on /srv/data/db/deep", "there, not elsewhere")
                host.needs.workloads.hostPaths[0].bytes = nil
                host.needs.workloads.volumeBytes = 65 * mebi
                #expect(try await host.check(.disk).status == .pass, "it goes to the larger disk")
                host.needs.workloads.volumeBytes = 5 << 30
                #expect(try await host.check(.disk).status == .fail)
            }
        }
    }

    @Test(.enabled(if: canMount, needsMounts)) func inodes() async throws {
        try await withData("size=4g,nr_inodes=500") { host in
            host.needs.unpackedBytes = 1000 * mebi
            let check = try await host.check(.inodes)
            #expect(check.status == .fail)
            #expect(check.need.contains("about 34600"))
            host.needs.unpackedBytes = mebi
            host.needs.distribution = nil
            #expect(try await host.check(.inodes).status == .pass)
        }
    }

    @Test(.enabled(if: canMount, needsMounts)) func noexecAndReadOnlyMountsAreRefused() async throws {
        try await withData(flags: UInt(MS_NOEXEC)) { host in
            let check = try await host.check(.fileSystems)
            #expect(check.status == .fail)
            #expect(check.measured == "/var/lib/k0s is noexec")
        }
        try await withData(flags: UInt(MS_RDONLY)) { host in
            let check = try await host.check(.fileSystems)
            #expect(check.measured == "/var/lib/k0s is read-only")
        }
    }

    @Test(.enabled(if: canMount, needsMounts))
    func aStickThatForbidsProgramsIsWorthAHint() async throws {
        var host = try FakeHost()
        host.options.installer = "/media/stick/sealift-installer"
        #expect(try await host.check(.fileSystems).status == .pass)
        try await withMount("size=1m", flags: UInt(MS_NOEXEC), on: host.place("/media/stick")) {
            let check = try await host.check(.fileSystems)
            #expect(check.status == .warn)
            #expect(check.measured == "/media/stick/sealift-installer is on a noexec mount")
        }
    }

    @Test(arguments: [
        ("overlay", PreflightReport.Status.fail), ("nfs4", .fail), ("vfat", .fail), ("fuse.sshfs", .fail),
        ("tmpfs", .warn), ("ext4", .pass), ("xfs", .pass), ("btrfs", .pass),
    ]) func kindsOfFileSystems(_ type: String, _ status: PreflightReport.Status) async throws {
        let host = try FakeHost()
        try host.set(
            "/proc/self/mountinfo", "27 1 999:9 / / rw - ext4 d rw\n30 27 998:9 / /var/lib rw - \(type) d rw\n")
        #expect(try await host.check(.fileSystems).status == status)
    }

    @Test func dataUnderTmp() async throws {
        var host = try FakeHost()
        let rules = "/usr/lib/tmpfiles.d/tmp.conf"
        #expect(try await host.check(.volatileData).measured == "no data outside volumes")
        host.needs.workloads.hostPaths = [
            .init(path: "/tmp/a", owner: "x"), .init(path: "/tmp/b", owner: "x"), .init(path: "/proc", owner: "x"),
        ]
        #expect(try await host.check(.volatileData).status == .pass)
        try host.set(rules, "# comment\nD /tmp 1777 root root -\nq /var/tmp 1777 root root 30d\n")
        #expect(
            try await host.check(.volatileData).measured == "/tmp/a is in /tmp, which is emptied at boot, and 1 more")
        try host.set(rules, "q /tmp 1777 root root 10d\n")
        #expect(try await host.check(.volatileData).measured.contains("swept after 10d"))
        try host.set("/etc/tmpfiles.d/tmp.conf", "q /tmp 1777 root root -\n")
        #expect(try await host.check(.volatileData).status == .pass, "the file in /etc hides the distribution's")
        try host.set("/proc/self/mountinfo", "1 1 1:1 / / rw - ext4 d rw\n2 1 0:5 / /tmp rw - tmpfs t rw\n")
        let check = try await host.check(.volatileData)
        #expect(check.status == .warn)
        #expect(check.measured == "/tmp/a is on tmpfs, and 1 more")
        #expect(check.remedy?.hasSuffix("fixed in the bundle, which must be built anew") == true)
        host.needs.settings = ["logs": "/var/log", "dataDir": "/tmp"]
        let remedy = try await host.check(.volatileData).remedy
        #expect(remedy?.hasSuffix("--set dataDir=/var/lib/data") == true)
    }

    @Test func mountTable() {
        let table = MountTable(
            parsing: """
                27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
                28 27 0:25 / /a\\040b ro,nosuid - tmpfs t ro
                29 27 0:26 / /a rw - xfs d rw
                x
                30 27 0:27 / /short rw
                31 27 0:28 / /dash rw -
                """)
        #expect(table.mounts.map(\.point) == ["/", "/a b", "/a"])
        #expect(table["/a b"]?.options == ["ro", "nosuid"])
        #expect(table.mount(holding: "/a/c")?.type == "xfs")
        #expect(table.mount(holding: "/ab")?.type == "ext4")
        #expect(MountTable(parsing: "").mount(holding: "/") == nil)
    }
}
