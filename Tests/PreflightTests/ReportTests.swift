import BundleFormat
import FoundationEssentials
import Preflight
import SystemPackage
import TestSupport
import Testing

@Suite struct ReportTests {
    /// These depend on the disk under the temporary folder; they have tests of their own.
    private let ofTheDisk: Set<CheckName> = [.disk, .inodes, .fileSystems]

    @Test func aHealthyHostPassesEveryCheck() async throws {
        let host = try FakeHost()
        let report = await host.report()
        #expect(report[.controllerAddress]?.status == .skipped, "it joins nobody")
        let others: Set<CheckName> = [.k0sSysinfo, .controllerAddress]
        for check in report.checks where !ofTheDisk.contains(check.name) && !others.contains(check.name) {
            #expect(check.status == .pass, "\(check.name.rawValue): \(check.measured)")
            #expect(check.remedy == nil)
        }
    }

    @Test func everyCheckIsThereOnceAndSaysSomething() async throws {
        let host = try FakeHost()
        let report = await host.report()
        #expect(Set(report.checks.map(\.name)) == Set(CheckName.allCases))
        #expect(report.checks.count == CheckName.allCases.count)
        #expect(report.checks.allSatisfy { !$0.measured.isEmpty && !$0.title.isEmpty })
        #expect(report.checks.allSatisfy { $0.status == .skipped || !$0.need.isEmpty })
    }

    /// Whatever this machine is like: every check comes to a result, and what isn't right has its remedy.
    @Test func thisMachineIsLookedAtWithoutAnyPrefix() async throws {
        let report = await Preflight.run(PreflightNeeds(), PreflightOptions())
        #expect(report.checks.count == CheckName.allCases.count)
        for check in report.checks where check.status == .fail || check.status == .warn {
            #expect(check.remedy?.isEmpty == false, "\(check.name.rawValue)")
        }
        let kernel = try await Program.run("uname", ["-r"])
        #expect(kernel.hasPrefix(try #require(report[.kernelVersion]).measured))
        #expect(report[.architecture]?.status == .pass)
    }

    @Test func figuresAreThoseOfTheSystemsOwnTools() async throws {
        let report = await Preflight.run(PreflightNeeds(), PreflightOptions())
        func run(_ program: String, _ arguments: String...) async throws -> String {
            String(try await Program.run(program, arguments).dropLast())
        }
        #expect(report[.cpu]?.measured == "\(try await run("getconf", "_NPROCESSORS_ONLN")) cores")
        #expect(report[.hostname]?.measured.contains(try await run("cat", "/proc/sys/kernel/hostname")) == true)
        let hasUnified = try await run("stat", "-f", "-c", "%T", "/sys/fs/cgroup") == "cgroup2fs"
        #expect(report[.cgroup]?.measured.hasPrefix("v2") == hasUnified)
        let release = try await run("uname", "-r")
        #expect(report[.kernelVersion]?.measured == release)
        let user = try await run("id", "-u")
        #expect((report[.root]?.status == .pass) == (user == "0" && canMount))
    }

    @Test func aHostOfWhichNothingCanBeReadPassesNothingBlindly() async throws {
        let folder = TemporaryDirectory()
        var options = PreflightOptions()
        options.host = Host(root: folder.path, machine: "", now: 0)
        let report = await Preflight.run(PreflightNeeds(), options)
        let passed = report.checks.filter { $0.status == .pass }.map(\.name)
        // What is not there can't be in the way.
        let harmless: Set<CheckName> = [
            .libc, .swap, .disk, .inodes, .fileSystems, .volatileData, .ports, .networkOverlap, .firewall, .selinux,
            .apparmor, .otherKubernetes, .maxMapCount,
        ]
        #expect(Set(passed).subtracting(harmless) == [])
        #expect(!report.isPassing)
    }

    @Test func anImportLooksOnlyAtWhatConcernsImages() async throws {
        var host = try FakeHost()
        host.options.purpose = .importImages
        let made = await host.report().checks.filter { $0.status != .skipped }.map(\.name)
        #expect(made == [.root, .architecture, .disk, .inodes])
        #expect(await host.report()[.ports]?.measured == "only images are imported")
    }

    @Test func withoutAKubernetesOfItsOwnTheHostsOneIsNotJudged() async throws {
        var host = try FakeHost()
        host.needs.distribution = nil
        let report = await host.report()
        let made = report.checks.filter { $0.status != .skipped }.map(\.name)
        #expect(
            made == [.root, .architecture, .cpu, .memory, .disk, .inodes, .volatileData, .ports, .clock, .maxMapCount])
        #expect(report[.cgroup]?.measured.contains("brings no Kubernetes") == true)
    }

    @Test func aFailureIsWaivedByNameOnly() async throws {
        var host = try FakeHost()
        try host.remove("/etc/hosts")
        for name in CheckName.allCases where name != .localhost { host.options.waived.insert(name) }
        let strict = await host.report()
        #expect(!strict.isPassing)
        #expect(strict.failures.map(\.name) == [.localhost])
        host.options.waived.insert(.localhost)
        let waived = await host.report()
        #expect(waived.isPassing)
        #expect(waived.waived.contains(.localhost))
        #expect(waived[.localhost]?.status == .fail)
        #expect(waived[.hostname]?.waived == false, "a check that passes needs no waiver")
    }

    @Test func anUnknownNameIsRefusedWithTheNearest() throws {
        #expect(try CheckName.named(["ports", "cgroup", "ports"]) == [.ports, .cgroup])
        let error = #expect(throws: PreflightError.self) { try CheckName.named(["disk", "port"]) }
        #expect(
            error?.description.hasPrefix("can't waive check 'port': there is no such check; the checks are root")
                == true)
        #expect(error?.hint == "did you mean 'ports'?")
        #expect(throws: PreflightError.self) { try CheckName.named([""]) }
        #expect(throws: PreflightError.self) { try CheckName.named(["all"]) }
    }

    @Test func namesAreThoseThatAreDocumented() throws {
        let page = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .appending("docs").appending("preflight.md")
        let text = String(decoding: try contents(of: page), as: UTF8.self)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let names = rows.compactMap { $0.split(separator: "`").dropFirst().first.map { String($0) } }
        #expect(names == CheckName.allCases.map(\.rawValue))
    }

    @Test func theTextNamesWhatIsWrongAndWhatToDo() async throws {
        var host = try FakeHost()
        try host.set("/etc/hosts", "192.0.2.2 node-1\n")
        let text = await host.report().text
        #expect(
            text.contains("FAIL    localhost           not in /etc/hosts (needed: a loopback address in /etc/hosts)\n"))
        #expect(text.contains("-> echo '127.0.0.1 localhost' >> /etc/hosts\n"))
        #expect(text.contains("ok      hostname            node-1.example\n"))
        #expect(text.contains("\nnot ready: "))
        host.options.waived = Set(CheckName.allCases)
        let waived = await host.report().text
        #expect(waived.contains("WAIVED  localhost"))
        #expect(waived.contains("\nready: "))
        #expect(waived.contains("waived: "))
    }

    @Test func namesThatOthersChoseCantMoveTheCursor() async throws {
        var host = try FakeHost()
        try host.set("/proc/net/tcp", "h\n 0: 00000000:0050 0:0 0A 0:0 0:0 0 0 0 666 1\n")
        try host.set("/proc/77/comm", "\u{1B}[2Jx\u{9B}\n")
        try host.setLink("/proc/77/fd/3", to: "socket:[666]")
        host.needs.workloads.hostPorts = [.init(port: 80, protocol: "TCP", owner: "Deployment/\u{1B}]0;y")]
        let check = try await host.check(.ports)
        #expect(
            check.measured == #"80 for Deployment/\u{1B}]0;y is taken by \u{1B}[2Jx\u{009B}, process 77"#)
        #expect(!(await host.report()).text.unicodeScalars.contains { $0.value == 0x1B })
    }

    @Test func theJSONCanBeReadBack() async throws {
        var host = try FakeHost()
        try host.remove("/etc/hosts")
        host.options.waived = [.localhost]
        let report = await host.report()
        let json = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(PreflightReport.self, from: json) == report)
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains("\"name\":\"localhost\"") && text.contains("\"waived\":true"))
        #expect(text.contains("\"isPassing\":"))
    }

    /// Every file of the tree, with its content, is the same after all checks.
    @Test func nothingIsChanged() async throws {
        let host = try FakeHost()
        let before = try await Program.run("find", [host.root.string, "-printf", "%P %s %T@ %C@ %m\\n"])
        _ = await host.report()
        let after = try await Program.run("find", [host.root.string, "-printf", "%P %s %T@ %C@ %m\\n"])
        #expect(before == after)
    }
}
