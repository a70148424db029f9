import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// Two machines with a cable between them: a platform on the first, the second its worker.
@Suite(
    .enabled(if: Harbour.isAvailable, Comment(rawValue: Harbour.need)),
    .enabled(if: MachineNetwork.isAvailable, Comment(rawValue: MachineNetwork.need)))
struct FleetTests {
    @Test func aWorkerJoins() async throws {
        let harbour = try await Harbour()
        let shared = harbour.file("shared")
        try FileManager.default.createDirectory(atPath: shared.string, withIntermediateDirectories: true)
        let (controller, worker) = try await MachineNetwork.with { first, second in
            async let controller = harbour.run(
                "fleet-controller", shared: shared, end: first, timeout: .seconds(240))
            async let worker = harbour.run("fleet-worker", shared: shared, end: second, timeout: .seconds(240))
            return try await (controller, worker)
        }
        expectInvites(controller)
        expectRefuses(worker)
        expectJoins(worker)
        expectLeaves(worker)
        #expect(controller["nodes"].lines == ["isolated 192.0.2.11", "harbour-2 192.0.2.12"])
    }

    private func expectInvites(_ log: MachineLog) {
        #expect(log["no-address"].status == 65)
        let install = log["install"]
        #expect(install.status == 0, "\(install.output)")
        #expect(log["again"].status == 0, "\(log["again"].output)")
        #expect(log["again"].output.contains("  = k0s-service: done before"), "the mode is kept")
        #expect(log["mode"].output.contains("--enable-worker=true"))
        #expect(!log["mode"].output.contains("--single"))
        #expect(log["token"].status == 0 && log["expired"].status == 0, "\(log["token"].output)")
        #expect(log["token"].output.contains("a token for workers of https://192.0.2.11:6443 is in /root/token"))
        #expect(log["token-mode"].output == "600")
        #expect(log["token-twice"].status == 73)
        #expect(log["printed"].status == 0 && log["printed"].lines.count == 1, "\(log["printed"].output)")
        #expect(log["kept"].output == "", "a token is nowhere but where it was written")
        #expect(log["pinned"].output.contains("isolated"))
        #expect(log["status"].status == 0, "\(log["status"].output)")
        #expect(log["join-here"].status == 65)
        #expect(log["join-here"].output.contains("this host has a platform of its own, and is no worker"))
    }

    private func expectRefuses(_ log: MachineLog) {
        #expect(log["no-file"].status == 66)
        #expect(log["words"].status == 65 && log["garbage"].status == 65)
        #expect(log["words"].output.contains("can't join with /root/words: this is no token"))
        #expect(log["garbage"].output.contains("hint: make one where the controller runs"))
        #expect(log["dry-run"].status == 0)
        #expect(log["dry-run"].output.contains("k0s-joined"), "\(log["dry-run"].output)")
        #expect(log["untouched"].status != 0, "nothing is changed so far")
        let expired = log["expired"]
        #expect(expired.status == 70, "\(expired.output)")
        #expect(expired.output.contains("step 'k0s-start' failed"), "\(expired.output)")
        #expect(expired.output.contains("hint: is the token expired or of another cluster"), "\(expired.output)")
        #expect(log["expired-status"].status == 69)
        #expect(log["expired-status"].output.contains("NOT finished"))
    }

    private func expectJoins(_ log: MachineLog) {
        #expect(log["killed-in-start"].status == 137 && log["killed-in-import"].status == 137)
        let join = log["join"]
        #expect(join.status == 0, "\(join.output)")
        #expect(
            join.output.hasSuffix(
                "this host is a worker of https://192.0.2.11:6443: 2 images of harbour 1.0.0 are here"))
        let steps = ["archive", "files", "k0s-program", "k0s-settings", "k0s-service", "k0s-start", "k0s-joined"]
        #expect(log["again"].lines.filter { $0.hasPrefix("  = ") } == steps.map { "  = \($0): done before" })
        #expect(log["status"].status == 0, "\(log["status"].output)")
        #expect(log["status"].output.contains("worker of  https://192.0.2.11:6443\n"))
        #expect(log["verify"].output.hasSuffix("2 of 2 images are on the node as harbour-1.0.0 says"))
        #expect(log["role"].output.contains("\"Role\": \"worker\""))
        #expect(!log["unit"].output.contains("token"), "\(log["unit"].output)")
        #expect(log["token-left"].status != 0)
        #expect(log["token-kept"].output == "")
        for name in ["check", "install-here", "token-here"] {
            #expect(
                log[name].status == 65 && log[name].output.contains("this host is a worker of a cluster"), "\(name)")
        }
    }

    private func expectLeaves(_ log: MachineLog) {
        #expect(log["restart"].status == 0, "without its token")
        #expect(log["upgrade"].status == 0, "\(log["upgrade"].output)")
        #expect(log["upgraded"].output.contains("v1.36.4+k0s.0"), "\(log["upgraded"].output)")
        #expect(log["upgraded-verify"].status == 0, "\(log["upgraded-verify"].output)")
        #expect(log["plan"].output.contains("'k0s kubectl delete node harbour-2'"))
        #expect(log["uninstall"].status == 0, "\(log["uninstall"].output)")
        #expect(log["nothing"].status == 0, "\(log["nothing"].output)")
    }
}
