import Glibc
import Processes
import SystemPackage
import TestSupport
import Testing

@testable import Cluster

@Suite struct ControllerOptionsTests {
    @Test func aSingleNode() {
        #expect(
            ControllerOptions(.single).arguments == [
                "install", "controller", "--single", "--disable-components", "autopilot,update-prober",
            ])
    }

    @Test func severalNodesWithEverything() {
        var options = ControllerOptions(.multiNode)
        options.configuration = "/etc/k0s/k0s.yaml"
        options.nodeAddress = "192.0.2.7"
        options.resolvConf = K0sPaths().resolvConf
        options.dataDirectory = "/data/k0s"
        options.disabledComponents = []
        options.force = true
        #expect(
            options.arguments == [
                "install", "controller", "--enable-worker", "--no-taints", "--config", "/etc/k0s/k0s.yaml",
                "--data-dir", "/data/k0s",
                "--kubelet-extra-args=--node-ip=192.0.2.7 --resolv-conf=/etc/k0s/resolv.conf", "--force",
            ])
    }

    @Test func aWorker() {
        var options = WorkerOptions(tokenFile: "/root/token")
        options.nodeAddress = "192.0.2.8"
        #expect(
            options.arguments == [
                "install", "worker", "--token-file", "/root/token", "--kubelet-extra-args=--node-ip=192.0.2.8",
            ])
        #expect(WorkerOptions(tokenFile: nil).arguments == ["install", "worker"])
    }

    @Test func saysWhetherAWorkerReachesItsCluster() throws {
        func status(_ connection: String) throws -> K0sStatus {
            let text = #"{"Version": "v1.36.3+k0s.0", "Role": "worker", "Workloads": true\#(connection)}"#
            return try #require(JSON.documents(Array(text.utf8))?.first.flatMap { K0sStatus($0) })
        }
        let up = try status(#", "WorkerToAPIConnectionStatus": {"Message": "", "Success": true}"#)
        #expect(up.reachesAPI && up.apiProblem.isEmpty && up.role == "worker")
        let down = try status(#", "WorkerToAPIConnectionStatus": {"Message": "refused", "Success": false}"#)
        #expect(!down.reachesAPI && down.apiProblem == "refused")
        #expect(try !status("").reachesAPI)
    }

    @Test(arguments: [
        ("ActiveState=active\nSubState=running\n", HostService.State.runs),
        ("ActiveState=activating\nSubState=start\n", .runs),
        ("ActiveState=deactivating\nSubState=stop-sigterm\n", .stops),
        ("nonsense", .unknown),
        (
            "Result=exit-code\nExecMainStatus=1\nActiveState=activating\nSubState=auto-restart\n",
            .waits("it ended and waits to be started again (exit-code, exit status 1)")
        ),
        (
            "Result=exit-code\nExecMainStatus=203\nActiveState=failed\nSubState=failed\n",
            .died("it failed (exit-code, exit status 203)")
        ),
        (
            "Result=success\nExecMainStatus=0\nActiveState=inactive\nSubState=dead\n",
            .died("it isn't running (success, exit status 0)")
        ),
    ])
    func readsSystemd(_ text: String, _ state: HostService.State) { #expect(HostService.systemdState(text) == state) }

    @Test(arguments: [
        (0, HostService.State.runs), (3, .died("it isn't running")), (32, .died("it crashed")), (8, .unknown),
    ])
    func readsOpenRC(_ code: Int, _ state: HostService.State) {
        let outcome = ChildProcess.Outcome(status: .exited(code), standardOutput: [], standardError: "")
        #expect(HostService.openrcState(outcome) == state)
    }
}

/// k0s played by a shell program that prints what the real one prints, and systemctl and journalctl likewise.
private struct K0sStandIn: ~Copyable {
    let folder = TemporaryDirectory()
    var paths = K0sPaths()

    init() throws {
        paths.binary = folder.file("bin/k0s")
        paths.data = folder.file("lib")
        paths.run = folder.file("run")
        paths.systemdUnits = folder.file("systemd")
        paths.openrcServices = folder.file("init.d")
        mkdir(folder.file("run").string, 0o755)
        try program(
            "k0s",
            """
            case "$1" in
            version) echo v1.36.3+k0s.0 ;;
            start) [ -e '\(folder.path)/started' ] && { echo 'Error: service is already running' >&2; exit 1; }
                touch '\(folder.path)/started' ;;
            stop) [ -e '\(folder.path)/started' ] || { echo 'Error: already stopped' >&2; exit 1; }
                rm '\(folder.path)/started' ;;
            status) [ -e '\(folder.path)/started' ] ||
                { echo "Error: can't get \\"status\\" via \\"/run/k0s/status.sock\\"" >&2; exit 1; }
                cat '\(folder.path)/status.json' ;;
            backup) echo 'time="..." level=info msg="creating temp dir"' >&2; touch "$3/k0s_backup_20260101.tar.gz" ;;
            install) printf '%s\\n' "$@" >'\(folder.path)/installed' ;;
            sysinfo) echo 'cgroup version: v1 (rejected)'; echo 'Error: sysinfo failed' >&2; exit 1 ;;
            reset) printf 'one\\ntwo\\nthree\\nfour\\nfive\\nError: k0s seems to be running\\n' >&2; exit 1 ;;
            token) echo "H4sI$3$4" ;;
            esac
            """)
        try write(
            """
            {"Version":"v1.36.3+k0s.0","Pid":4711,"PPid":1,"Role":"controller","SysInit":"linux-systemd",\
            "Workloads":true,"SingleNode":true,"Args":["/usr/local/bin/k0s","controller","--single=true"],\
            "WorkerToAPIConnectionStatus":{"Message":"","Success":true},"ClusterConfig":null,"K0sVars":{}}
            """.utf8, to: folder.file("status.json"))
    }

    var k0s: K0s { K0s(paths: paths, searchPath: folder.file("bin").string) }

    func program(_ name: String, _ script: String) throws {
        try write("#!/bin/sh\n\(script)\n".utf8, to: folder.file("bin/\(name)"))
        chmod(folder.file("bin/\(name)").string, 0o755)
    }
}

@Suite struct K0sTests {
    @Test func asksAndTells() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        #expect(try await k0s.version() == "v1.36.3+k0s.0")
        #expect(try await k0s.status() == nil)
        #expect(try await k0s.start() == .done)
        #expect(try await k0s.start() == .alreadySo)
        let status = try #require(try await k0s.status())
        #expect(status.version == "v1.36.3+k0s.0" && status.role == "controller" && status.pid == 4711)
        #expect(status.isSingleNode && status.hasWorkloads && status.arguments.contains("--single=true"))
        #expect(try await k0s.stop() == .done)
        #expect(try await k0s.stop() == .alreadySo)
        try await k0s.waitUntilStopped(timeout: .seconds(5))
        try await k0s.install(ControllerOptions(.single))
        let installed = String(decoding: try contents(of: standIn.folder.file("installed")), as: UTF8.self)
        #expect(installed.split(separator: "\n").map(String.init) == ControllerOptions(.single).arguments)
        let backup = try await k0s.backup(to: standIn.folder.path)
        #expect(backup == standIn.folder.file("k0s_backup_20260101.tar.gz"))
        #expect(try await k0s.createToken(for: .worker, expiry: .seconds(3600)) == "H4sI--role=worker--expiry=3600s")
        let (passed, report) = try await k0s.sysinfo()
        #expect(!passed && report.contains("rejected"))
    }

    @Test func aStatusThatFailsWhileSomebodyIsThereIsAnError() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        let listener = try listen(at: k0s.paths.statusSocket)
        defer { close(listener) }
        let error = await clusterError { _ = try await k0s.status() }
        guard case .k0s(verb: "status", status: .exited(1), _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func waitingGoesOnWhileK0sListensAndCannotAnswer() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        let listener = try listen(at: k0s.paths.statusSocket)
        let early = await clusterError {
            _ = try await k0s.waitUntilRunning(timeout: .milliseconds(50), interval: .milliseconds(10))
        }
        guard case .notRunning(_, let missing)? = early else {
            Issue.record("\(String(describing: early))")
            return
        }
        #expect(missing.hasPrefix("k0s status failed with exit status 1"))
        let late = await clusterError {
            try await k0s.waitUntilStopped(timeout: .milliseconds(50), interval: .milliseconds(10))
        }
        #expect(late == .stillRunning(after: .milliseconds(50)))
        close(listener)
        try await k0s.waitUntilStopped(timeout: .seconds(20), interval: .milliseconds(10))
    }

    @Test func knowsWhatIsInstalled() throws {
        let standIn = try K0sStandIn()
        #expect(standIn.k0s.installedRole() == nil)
        try write("".utf8, to: standIn.folder.file("init.d/k0sworker"))
        #expect(standIn.k0s.installedRole() == .worker)
        try write("".utf8, to: standIn.folder.file("systemd/k0scontroller.service"))
        #expect(standIn.k0s.installedRole() == .controller)
    }

    @Test func aFailureNamesVerbStatusAndLastLines() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        let error = try #require(await clusterError { try await k0s.reset() })
        let lines = ["two", "three", "four", "five", "Error: k0s seems to be running"]
        #expect(error == .k0s(verb: "reset", status: .exited(1), lines: lines))
        #expect(error.description.hasPrefix("k0s reset failed with exit status 1:\n  two\n"))
        #expect(error.hint?.contains("k0s stop") == true)
    }

    @Test func aMissingK0sIsNamed() async {
        var paths = K0sPaths()
        paths.binary = "/nowhere/k0s"
        let k0s = K0s(paths: paths)
        let error = await clusterError { _ = try await k0s.version() }
        #expect(error == .process(action: "run k0s version", .missing("/nowhere/k0s")))
        #expect(error?.description == "can't run k0s version: can't run /nowhere/k0s: there is no such file")
    }

    @Test func aStatusOfAnotherShapeIsAnError() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        _ = try await k0s.start()
        for text in ["[]", "null", "{", "", #"{"Version":7}"#] {
            try write(text.utf8, to: standIn.folder.file("status.json"))
            #expect(await clusterError { _ = try await k0s.status() } == .unreadableAnswer(of: "k0s status"))
        }
        try write(#"{"Version":"v2","Pid":"x","Args":{}}"#.utf8, to: standIn.folder.file("status.json"))
        #expect(try await k0s.status()?.version == "v2")
    }

    @Test func waitsForTheSocketOfContainerd() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        _ = try await k0s.start()
        let early = await clusterError {
            _ = try await k0s.waitUntilRunning(timeout: .milliseconds(100), interval: .milliseconds(10))
        }
        let socket = k0s.paths.containerdSocket
        #expect(
            early == .notRunning(after: .milliseconds(100), missing: "nothing accepts connections at \(socket)"))
        let listener = try listen(at: socket)
        defer { close(listener) }
        let status = try await k0s.waitUntilRunning(timeout: .seconds(20), interval: .milliseconds(10))
        #expect(status.role == "controller")
    }

    @Test func givesUpOnAServiceThatDied() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        try write("".utf8, to: standIn.folder.file("systemd/k0scontroller.service"))
        try standIn.program(
            "systemctl", "echo 'Result=exit-code\nExecMainStatus=1\nActiveState=activating\nSubState=auto-restart'")
        try standIn.program("journalctl", #"[ "$2" = k0scontroller ] && printf 'first\nError: port 6443 is taken\n'"#)
        let error = try #require(await clusterError { _ = try await k0s.waitUntilRunning(timeout: .seconds(600)) })
        let state = "it ended and waits to be started again (exit-code, exit status 1)"
        #expect(
            error
                == .serviceDied(unit: "k0scontroller", state: state, lines: ["first", "Error: port 6443 is taken"]))
        #expect(error.description.hasSuffix("\n  Error: port 6443 is taken"))
    }

    @Test func waitingCanBeCancelled() async throws {
        let standIn = try K0sStandIn()
        let k0s = standIn.k0s
        let task = Task { await clusterError { _ = try await k0s.waitUntilRunning(timeout: .seconds(600)) } }
        task.cancel()
        guard case .cancelled? = await task.value else {
            Issue.record("went on")
            return
        }
    }

    private func listen(at path: FilePath) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.string.utf8) }
        let succeeded = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(succeeded && Glibc.listen(descriptor, 8) == 0)
        return descriptor
    }
}
