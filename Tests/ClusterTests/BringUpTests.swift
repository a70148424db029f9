import Glibc
import Processes
import SystemPackage
import TestSupport
import Testing

@testable import Cluster

/// The stand-in for k0s below a folder, with Debian's containerd and a real kubectl.
@Suite(
    .enabled(
        if: KubernetesStandIn.isUsable && exists("/usr/bin/containerd") && geteuid() == 0,
        "needs root, containerd, kubectl and python3"))
struct BringUpTests {
    @Test func fromNothingToAJobAndBack() async throws {
        let root = TemporaryDirectory()
        let k0s = try k0s(below: root.path)
        #expect(k0s.installedRole() == nil)
        #expect(try await k0s.status() == nil)
        try await k0s.install(ControllerOptions(.single))
        #expect(k0s.installedRole() == .controller)
        let again = await clusterError { try await k0s.install(ControllerOptions(.single)) }
        #expect(again?.description.contains("Init already exists") == true)
        #expect(try await k0s.start() == .done)
        let failure = await clusterError { try await use(k0s, folder: root.path) }
        // The daemon must not outlive the test, whatever came of it.
        #expect(try await k0s.stop() == .done)
        #expect(failure == nil)
        try await k0s.waitUntilStopped(timeout: .seconds(30), interval: .milliseconds(50))
        #expect(try await k0s.stop() == .alreadySo)
        try await k0s.reset()
        #expect(k0s.installedRole() == nil)
    }

    private func use(_ k0s: K0s, folder: FilePath) async throws {
        let status = try await k0s.waitUntilRunning(timeout: .seconds(60), interval: .milliseconds(50))
        #expect(status.role == "controller" && status.isSingleNode)
        #expect(try await k0s.start() == .alreadySo)
        let early = try #require(await clusterError { try await k0s.reset() })
        #expect(early.description.contains("still running"))
        let readiness = Readiness(k0s.kubectl, interval: .milliseconds(100))
        try await readiness.waitForNodeReady(timeout: .seconds(60))
        #expect(try await k0s.kubectl.version().hasPrefix("v1."))
        let namespace = ObjectReference(apiVersion: "v1", kind: "Namespace", name: "data")
        let applied = try await k0s.kubectl.apply(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: data}"))
        #expect(applied == [namespace])
        try await readiness.wait(for: applied, timeout: .seconds(60))
        let backups = folder.appending("backups")
        mkdir(backups.string, 0o700)
        let backup = try await k0s.backup(to: backups)
        #expect(exists(backup))
    }

    private func k0s(below root: FilePath) throws -> K0s {
        let parts = FilePath("\(#filePath)").removingLastComponent().removingLastComponent().appending("K0sStandIn")
        let settings = """
            {"require_system_images":false,"init":"none","port":0,"bind":"127.0.0.1","users":false,\
            "kubectl":"\(KubernetesStandIn.kubectl?.string ?? "")"}
            """
        try write(settings.utf8, to: root.appending("etc/k0s-stand-in/settings.json"))
        var paths = K0sPaths()
        paths.binary = root.appending("bin/k0s")
        paths.run = root.appending("run/k0s")
        paths.systemdUnits = root.appending("etc/systemd/system")
        paths.openrcServices = root.appending("etc/init.d")
        let program = """
            #!/bin/sh
            export K0S_STAND_IN_ROOT='\(root)' K0S_STAND_IN_PARTS='\(parts)'
            exec /usr/bin/python3 -B '\(parts)/k0s' "$@"
            """
        try write(program.utf8, to: paths.binary)
        chmod(paths.binary.string, 0o755)
        return K0s(paths: paths, searchPath: root.appending("bin").string)
    }
}
