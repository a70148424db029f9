import TestSupport
import Testing

/// What goes wrong on a host is told in words that help, and the same command ends its work once it has passed.
@Suite(.enabled(if: Harbour.isAvailable, Comment(rawValue: Harbour.need)))
struct FaultTests {
    @Test func tellsWhatIsWrongAndGoesOnAfterwards() async throws {
        let log = try await Harbour(hasManyPods: true).run("faults")
        #expect(log["sysinfo"].status == 65)
        #expect(log["sysinfo"].output.contains("this host fails the check k0s-sysinfo; nothing was changed"))
        #expect(log["untouched"].status != 0)
        expectVerbs(log)
        expectHanging(log)
        expectPods(log)
        expectUpgradeAndUninstall(log)
    }

    /// Each with the step, the verb, what k0s said, and what to do about it.
    private func expectVerbs(_ log: MachineLog) {
        for (name, step, words, hint) in [
            (
                "install", "k0s-service", "k0s install controller failed with exit status 1: Error: told at install",
                "k0s status"
            ),
            ("start", "k0s-start", "k0s start failed with exit status 1: Error: told at start", "journalctl"),
            ("start-after", "k0s-start", "k0s start failed with exit status 1: Error: told after start", "journalctl"),
            ("status", "k0s-start", "k0s status failed with exit status 1: Error: told at status", "journalctl"),
            ("controller", "k0s-start", "the service k0scontroller didn't stay up", "journalctl -u k0scontroller"),
            (
                "apply", "stage-base", "can't apply manifests: kubectl failed with exit status 1: error: told at apply",
                ""
            ),
            ("node", "node", "told at node", "k0s kubectl describe node"),
        ] {
            let run = log[name]
            #expect(run.status == 70, "\(name): \(run.output)")
            #expect(run.output.contains("error: step '\(step)' failed: "), "\(name): \(run.output)")
            #expect(run.output.contains(words), "\(name): \(run.output)")
            let hints = run.lines.filter { $0.hasPrefix("hint: ") }
            #expect(hints.count == 1 && hints[0].contains(hint), "\(name): \(run.output)")
        }
        #expect(log["controller"].output.contains("Error: told at controller"))
    }

    private func expectHanging(_ log: MachineLog) {
        let pid = log["pid"].output
        #expect(log["second"].status == 69)
        #expect(
            log["second"].lines.first == "error: another sealift-installer is changing this host: process \(pid)")
        let half = log["half"]
        #expect(half.status == 69)
        #expect(half.output.contains("install  NOT finished: run it again to go on"))
        #expect(half.output.contains("begun  k0s-start"))
        #expect(log["hang"].status == 130)
        #expect(log["hang-output"].output.contains("\nerror: interrupted\nhint: "))
    }

    private func expectPods(_ log: MachineLog) {
        let pods = log["pods"]
        #expect(pods.status == 70)
        #expect(pods.output.contains("error: step 'stage-app' failed: not ready after 15.0 seconds:"))
        for words in [
            ["Deployment harbour/web, pod web-", "crash", "its last words: anchor lost"],
            ["Deployment harbour/pull, pod pull-", "ImagePullBackOff"],
            ["Deployment harbour/room, pod room-", "Insufficient memory"],
            ["Deployment harbour/mount, pod mount-", "no such device"],
        ] {
            let line = pods.lines.last { $0.contains(words[0]) } ?? ""
            #expect(words.allSatisfy { line.contains($0) }, "\(words): \(pods.output)")
            #expect(pods.output.contains("    waiting for \(words[0])"))
        }
        for name in ["job", "check"] {
            let run = log[name]
            #expect(run.status == (name == "job" ? 70 : 65), "\(run.output)")
            #expect(run.output.contains("check-web"))
            #expect(run.output.contains("nc: bad address"), "\(run.output)")
        }
        #expect(log["healed"].status == 0, "\(log["healed"].output)")
        #expect(log["unready"].status == 69)
        #expect(log["unready"].output.contains("WAITING  stage app"))
    }

    private func expectUpgradeAndUninstall(_ log: MachineLog) {
        let asleep = log["asleep"]
        #expect(asleep.status == 70)
        #expect(asleep.output.contains("step 'k0s-running' failed: k0s start failed with exit status 1: Error: told"))
        #expect(asleep.output.contains("nothing was changed: 'sealift-installer install' of harbour-1.0.0 mends it"))
        for fact in ["bundle   harbour 1.0.0", "install  finished", "cluster  k0s is not running"] {
            #expect(log["asleep-status"].lines.contains(fact), "\(log["asleep-status"].output)")
        }
        let backup = log["backup"]
        #expect(backup.status == 70)
        #expect(backup.output.contains("warning: k0s isn't running; it is started, since an upgrade needs it"))
        #expect(
            backup.output.contains("step 'backup' failed: k0s backup failed with exit status 1: Error: told at backup"))
        #expect(backup.output.contains("hint: k0s must be running, and the folder must have room"))
        #expect(log["running"].output == "docker.io/harbour/web:1.0")
        #expect(log["upgraded"].status == 0, "\(log["upgraded"].output)")
        #expect(
            log["stop"].output.contains(
                "step 'uninstall-stop' failed: k0s stop failed with exit status 1: Error: told at stop"))
        #expect(
            log["reset"].output.contains(
                "step 'uninstall-reset' failed: k0s reset failed with exit status 1: Error: told at reset"))
        #expect(log["reset-after"].status == 70)
        #expect(log["back"].status == 65)
        #expect(log["back"].output.contains("the removal of harbour-1.1.0 was begun here and is not finished"))
        #expect(log["uninstall"].status == 0)
        #expect(log["gone"].lines.allSatisfy { $0.hasPrefix("ls: ") })
    }
}
