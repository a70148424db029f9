import ArgumentParser
import CommandSupport
import NodeImages
import Preflight
import SystemPackage
import TestSupport
import Testing

@testable import InstallerCommands

@Suite struct CommandLineTests {
    @Test(arguments: [
        "preflight", "install", "status", "check", "upgrade", "uninstall", "import", "verify", "inspect",
        "support-bundle", "token", "join",
    ])
    func everyVerbHasHelp(verb: String) {
        #expect(InstallerCommand.helpMessage(columns: 100).contains("  \(verb) "))
    }

    @Test func installTakesItsOptions() throws {
        let command = try #require(
            try InstallerCommand.parseAsRoot([
                "install", "b.tar.zst", "--set", "a=b=c", "--set", "d=", "--profile", "small", "--waive", "cpu",
                "--waive", "cgroup", "--node-ip", "192.0.2.7", "--dummy-route", "--multi-node", "--start-timeout", "10",
                "--no-unpack", "--dry-run", "--format", "json",
            ]) as? InstallCommand)
        let arguments = command.arguments
        #expect(try arguments.values.overrides == ["a": "b=c", "d": ""])
        #expect(arguments.values.profile == "small")
        #expect(try arguments.host.waived() == [.cpu, .cgroup])
        #expect(arguments.host.nodeIP == "192.0.2.7" && arguments.host.dummyRoute && command.multiNode)
        #expect(arguments.startTimeout == 10 && arguments.node.noUnpack && arguments.dryRun)
        #expect(arguments.format == .json)
        #expect(arguments.node.given.isEmpty)
    }

    @Test func joinTakesItsOptions() throws {
        let command = try #require(
            try InstallerCommand.parseAsRoot([
                "join", "b.tar.zst", "--token-file", "t", "--node-ip", "192.0.2.7", "--waive", "cpu", "--dry-run",
            ]) as? JoinCommand)
        #expect(command.tokenFile == "t" && command.dryRun && command.host.nodeIP == "192.0.2.7")
        #expect(throws: (any Error).self) { try InstallerCommand.parseAsRoot(["join", "b.tar.zst"]) }
        #expect(throws: (any Error).self) {
            try InstallerCommand.parseAsRoot(["preflight", "b", "--multi-node", "--token-file", "t"])
        }
    }

    @Test(arguments: [
        ("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604_800), ("0h", nil), ("h", nil), ("24", nil), ("", nil),
        ("-1h", nil), ("+1h", nil), ("1.5h", nil), ("99999999d", nil), ("9999999999999999999h", nil), ("1h30m", nil),
        ("٣h", nil),
    ]) func aTokensLifetime(text: String, seconds: Int?) {
        #expect(TokenCommand.Lifetime(argument: text)?.seconds == seconds)
    }

    @Test func whatIsNoTokenIsTheFilesFault() throws {
        let directory = TemporaryDirectory()
        try write(Array("bm90aGluZw==\n".utf8), to: directory.file("token"))
        let error = #expect(throws: Failure.self) { try JoinCommand.token(in: directory.file("token")) }
        #expect(error?.code == .data && error?.message.contains("bm90") == false)
        #expect(throws: Failure.self) { try JoinCommand.token(in: directory.file("none")) }
    }

    @Test func knowsWhatWasSaidOfANode() throws {
        let arguments = try InstallArguments.parse([
            "b", "--address", "unix://run/c.sock", "--namespace", "x", "--snapshotter", "native",
        ])
        #expect(arguments.node.given == ["--address", "--namespace", "--snapshotter"])
        let options = try arguments.node.options()
        #expect(options.socket.isAbsolute && options.socket.ends(with: "run/c.sock"))
        #expect(options.namespace == "x" && options.snapshotter == "native")
    }

    @Test(arguments: [
        ("a/b", nil, "a/b"), ("/a", nil, "/a"), ("/a", "/b", "/a"), (nil, "/b", "/b"), (nil, "b", "b"),
        (nil, "/b:/c", nil), (nil, "", nil), (nil, nil, nil),
    ])
    func recordsHowToReachTheCluster(given: String?, variable: String?, end: String?) {
        let path = InstallArguments.kubeconfig(given, variable)
        #expect(path.map { $0.isAbsolute && $0.string.hasSuffix(end ?? "") } == end.map { _ in true })
    }

    @Test func othersTakeTheirs() throws {
        let verify = try InstallerCommand.parseAsRoot(["verify", "b", "--node", "--pattern", "nifi"]) as? VerifyCommand
        #expect(verify?.asksNode == true && verify?.pattern == "nifi")
        let uninstall = try InstallerCommand.parseAsRoot(["uninstall", "--delete-data", "-y"]) as? UninstallCommand
        #expect(uninstall?.deleteData == true && uninstall?.yes == true && uninstall?.dryRun == false)
        let support = try InstallerCommand.parseAsRoot(["support-bundle", "-o", "x"]) as? SupportBundleCommand
        #expect(support?.output == "x")
        let images = try InstallerCommand.parseAsRoot(["import", "b", "--dry-run"]) as? ImportCommand
        #expect(images?.dryRun == true)
        #expect(try InstallerCommand.parseAsRoot(["upgrade", "b"]) is UpgradeCommand)
    }

    @Test(arguments: [
        ["install"], ["install", "b", "c"], ["install", "b", "--format", "xml"],
        ["install", "b", "--start-timeout", "0"],
        ["install", "b", "--start-timeout", "x"], ["upgrade", "b", "--multi-node"], ["verify", "b", "--pattern", "x"],
        ["verify", "b", "--address", "/x"], ["verify", "b", "--namespace", "x"],
        ["verify", "b", "--snapshotter", "native"], ["verify", "b", "--no-unpack"], ["import", "b", "--address", ""],
        ["import", "b", "--snapshotter", ""], ["uninstall", "b"], ["status", "--set", "a=b"], ["nonsense"],
        ["preflight", "b", "--nonsense"], ["install", "b", "--node-ip", "here"],
    ])
    func refusesWrongUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try InstallerCommand.parseAsRoot(arguments) }
    }

    @Test(arguments: [
        ("k8s.io", true), ("x", true), ("a-b_c.D9", true), (String(repeating: "a", count: 76), true), ("", false),
        (String(repeating: "a", count: 77), false), ("a b", false), ("a/b", false), ("-a", false), ("a-", false),
        ("a..b", false), ("\u{E4}", false), ("a\n", false),
    ]) func knowsWhatANamespaceCanBeCalled(name: String, isRight: Bool) throws {
        let parse = { try InstallerCommand.parseAsRoot(["verify", "b", "--node", "--namespace=\(name)"]) }
        if isRight {
            #expect(try parse() is VerifyCommand)
        } else {
            #expect(throws: (any Error).self) { try parse() }
        }
    }

    @Test(arguments: [["novalue"], ["=x"], ["a=1", "a=2"]]) func refusesAssignmentsThatAreNone(set: [String]) throws {
        let values = try ValueArguments.parse(set.flatMap { ["--set", $0] })
        #expect(throws: (any Error).self) { try values.overrides }
    }

    @Test(arguments: [("a b\n", "a b"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("", ""), ("n=v", "n=v")])
    func takesValuesFromFiles(content: String, value: String) throws {
        let folder = TemporaryDirectory()
        try write(content.utf8, to: folder.file("value"))
        let values = try ValueArguments.parse(["--set", "b=1", "--set-file", "a=\(folder.file("value"))"])
        #expect(try values.overrides == ["a": value, "b": "1"])
    }

    @Test func refusesFilesThatHoldNoValue() throws {
        let folder = TemporaryDirectory()
        try write([0xFF, 0xFE], to: folder.file("binary"))
        try write([UInt8](repeating: 0x61, count: (1 << 20) + 1), to: folder.file("large"))
        for name in ["nowhere", "binary", "large"] {
            let values = try ValueArguments.parse(["--set-file", "a=\(folder.file(name))"])
            #expect { try values.overrides } throws: { "\($0)".contains(folder.file(name).string) }
        }
        let twice = try ValueArguments.parse(["--set", "a=1", "--set-file", "a=\(folder.file("large"))"])
        #expect(throws: (any Error).self) { try twice.overrides }
    }

    @Test func namesTheCheckThatIsMeant() throws {
        let host = try HostArguments.parse(["--waive", "cgruop"])
        #expect { try host.waived() } throws: { Failure.explainingInstall($0).hint == "did you mean 'cgroup'?" }
    }
}

@Suite struct NearestImageTests {
    private let names = [
        "docker.io/library/busybox:1.35.0", "docker.io/apache/nifi:1.23.2", "quay.io/prometheus/prometheus:v2.50.0",
    ]

    @Test(arguments: [
        ("nfii:1.23.2", "docker.io/apache/nifi:1.23.2"), ("apache/nifi:1.23.1", "docker.io/apache/nifi:1.23.2"),
        ("library/bussybox:1.35.0", "docker.io/library/busybox:1.35.0"), ("grafana:10", nil),
        ("nifi", "docker.io/apache/nifi:1.23.2"), ("prometheus:v3", "quay.io/prometheus/prometheus:v2.50.0"),
    ])
    func isTheOneWhoseLastPartIsNear(_ pattern: String, _ meant: String?) {
        #expect(VerifyCommand.nearestImage(to: pattern, among: names) == meant)
    }
}
