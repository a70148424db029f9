import SystemPackage
import TestSupport
import Testing

/// That a command which was killed is ended by the next one, with the result of one that nobody disturbed.
@Suite(.enabled(if: Harbour.isAvailable, Comment(rawValue: Harbour.need)))
struct ResumeTests {
    @Test func endsTheSameWhereverItWasKilled() async throws {
        let log = try await Harbour().run("resume")
        for (name, undisturbed) in [("killed", "state"), ("killed-upgrade", "upgraded-state")] {
            let run = log[name]
            #expect(run.status == 0, "\(run.output)")
            #expect(run.lines.filter { $0.hasPrefix("killed ") }.count >= 20, "\(run.output)")
            let state = log[name == "killed" ? "killed-state" : "killed-upgraded-state"]
            #expect(state.status == 0)
            #expect(difference(log[undisturbed].lines, state.lines) == [])
        }
        #expect(log["state"].output.contains("\"incomplete\": []"))
        #expect(log["state"].output.contains("\"leases\": []"))
        let steps = log["killed"].lines
        for step in ["k0s-service", "k0s-start", "import", "stage-base", "stage-app"] {
            #expect(steps.contains("killed begun \(step)") && steps.contains("killed inside \(step)"))
        }
        let upgradeSteps = log["killed-upgrade"].lines
        for step in ["import", "backup", "k0s-start", "stage-app"] {
            #expect(
                upgradeSteps.contains("killed begun \(step)") && upgradeSteps.contains("killed inside \(step)"),
                "\(step)")
        }
        let uninstall = log["killed-uninstall"]
        #expect(uninstall.status == 0, "\(uninstall.output)")
        #expect(uninstall.lines.filter { $0.hasPrefix("killed ") }.count >= 8)
        #expect(log["nothing"].status == 0, "\(log["nothing"].output)")
    }

    @Test func goesOnAfterAReboot() async throws {
        let harbour = try await Harbour()
        let disk = harbour.file("disk")
        let down = try await harbour.run("reboot", disk: disk)
        #expect(down.status == 0, "\(down.whole)")
        #expect(down["status"].status == 69)
        #expect(down["status"].output.contains("install  NOT finished: run it again to go on"))
        let up = try await harbour.run("rebooted", disk: disk)
        #expect(up["link"].output.contains("203.0.113.254/31"))
        let install = up["install"]
        #expect(install.status == 0, "\(install.output)")
        #expect(install.output.contains("  = k0s-program: done before"))
        #expect(install.output.contains("  + stage-app: "))
        #expect(up["status"].status == 0)
        let fresh = try await harbour.run("fresh")
        #expect(difference(fresh["state"].lines, up["state"].lines) == [])
    }

    /// The lines that only one of both has.
    private func difference(_ left: [String], _ right: [String]) -> [String] {
        right.difference(from: left).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }
    }
}
