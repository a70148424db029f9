import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The life of an installation, on a machine that has nothing but Debian.
@Suite(.enabled(if: Harbour.isAvailable, Comment(rawValue: Harbour.need)))
struct InstallTests {
    @Test func livesFromInstallToUninstall() async throws {
        let log = try await Harbour().run("life")
        expectNothingIsDoneDry(log)
        try expectInstalled(log)
        expectKept(log)
        expectUpgraded(log)
        expectRemoved(log)
    }

    private func expectNothingIsDoneDry(_ log: MachineLog) {
        let plan = log["dry run"]
        #expect(plan.status == 0)
        #expect(plan.lines.allSatisfy { $0.hasPrefix("todo") }, "\(plan.output)")
        #expect(log["nothing yet"].status != 0)
        #expect(log["status-before"].status == 66)
        #expect(log["status-before"].output.contains("nothing is installed here"))
    }

    private func expectInstalled(_ log: MachineLog) throws {
        struct Event: Decodable {
            var event: String?
            var step: String?
            var addresses: [String]?
            var secretsFile: String?
            var secrets: [String]?
            var passed: Bool?
            var check: String?
            var layer: String?
        }
        let install = log["install"]
        #expect(install.status == 0, "\(install.output)")
        let events = try install.lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
        let steps = [
            "archive", "files", "dummy-route", "k0s-program", "k0s-settings", "k0s-service", "k0s-start", "import",
            "node",
            "stage-base", "stage-app", "inventory", "checks",
        ]
        #expect(events.filter { $0.event == "began" }.map(\.step) == steps)
        #expect(events.filter { $0.event == "finished" }.map(\.step) == steps)
        #expect(events.first?.event == "preflight")
        #expect(events.contains { $0.check == "check-web" && $0.layer == "connectivity" && $0.passed == true })
        #expect(events.last?.addresses == ["http://harbour.example/pier"])
        #expect(events.last?.secretsFile == "/var/lib/sealift/parameters.json")
        #expect(events.last?.secrets == ["password"])

        #expect(log["kept"].output == "# not ours")
        #expect(
            install.output.contains("it is kept as /etc/k0s/k0s.yaml.before-sealift"), "\(install.output)")

        let status = log["status"]
        #expect(status.status == 0)
        #expect(status.output.contains("bundle   harbour 1.0.0\nk0s      v1.36.3+k0s.0\nnode     203.0.113.254"))
        #expect(status.output.contains("ready    stage base: 5 objects\nready    stage app: 4 objects"))
        struct Status: Decodable {
            struct Stage: Decodable {
                var stage: String
                var blockers: [String]
            }
            var isFinished: Bool
            var version: String
            var stages: [Stage]
        }
        let report = try JSONDecoder().decode(Status.self, from: Data(log["status-json"].output.utf8))
        #expect(report.isFinished && report.version == "1.0.0")
        #expect(report.stages.map(\.stage) == ["base", "app"])
        #expect(report.stages.allSatisfy { $0.blockers.isEmpty })
    }

    private func expectKept(_ log: MachineLog) {
        let again = log["again"]
        #expect(again.status == 0, "\(again.output)")
        let kept = [
            "archive", "files", "dummy-route", "k0s-program", "k0s-settings", "k0s-service", "k0s-start", "node",
            "stage-base",
            "stage-app",
        ]
        #expect(again.lines.filter { $0.hasPrefix("  = ") } == kept.map { "  = \($0): done before" })
        #expect(again.output.contains("\n  http://harbour.example/pier\n"))
        #expect(
            again.output.contains("\ngenerated for you: password, in /var/lib/sealift/parameters.json"))
        #expect(log["dry-again"].lines.filter { $0.hasPrefix("done") }.count == kept.count)
        let gone = log["dry-gone"].lines.filter { $0.hasPrefix("todo") && !log["dry-again"].lines.contains($0) }
        #expect(gone.count == 1 && gone.first?.contains("dummy-route") == true, "\(gone)")
        let check = log["check"]
        #expect(check.status == 0)
        #expect(
            check.lines == [
                "ok      resources  valid-base", "ok      resources  ready-base", "ok      resources  valid-app",
                "ok      resources  ready-app", "ok      connectivity  check-web",
            ])
        #expect(log["verify"].status == 0)
        #expect(log["verify"].output.hasSuffix("2 of 2 images are on the node as harbour-1.0.0 says"))
        #expect(
            log["modes"].lines == [
                "700 /var/lib/sealift", "600 /var/lib/sealift/parameters.json", "640 /var/lib/sealift/files/chart.txt",
            ])
        #expect(log["password"].output.utf8.count == 24)
    }

    private func expectUpgraded(_ log: MachineLog) {
        #expect(log["no-token"].status == 65)
        #expect(log["no-token"].output.contains("no worker can join: the cluster is for this one node\nhint: "))
        #expect(log["other-mode"].status == 65)
        #expect(log["other-mode"].output.contains("--multi-node can't be changed once an installation was begun"))
        #expect(log["other-command"].status == 65)
        #expect(log["other-command"].output.contains("harbour-1.0.0 is installed here, not harbour-1.1.0"))
        let upgrade = log["upgrade"]
        #expect(upgrade.status == 0, "\(upgrade.output)")
        #expect(upgrade.output.contains("  = stage-base: done before"))
        #expect(log["upgraded"].output.hasPrefix("bundle   harbour 1.1.0\nk0s      v1.36.4+k0s.0"))
        #expect(
            log["upgraded-images"].lines.filter { !$0.contains("@") } == [
                "docker.io/harbour/tools:1.0", "docker.io/harbour/web:1.1",
            ])
        let objects = log["upgraded-objects"].lines.map { $0.hasSuffix(" ") ? String($0.dropLast()) : $0 }
        #expect(
            objects == [
                "ConfigMap/kube-root-ca.crt", "ConfigMap/settings", "Deployment/web docker.io/harbour/web:1.1",
            ])
        #expect(log["upgraded-version"].output == "v1.36.4+k0s.0")
        #expect(log["upgraded-verify"].status == 0)
        #expect(log["upgraded-password"].output == log["password"].output)
        let backups = log["backups"].lines
        #expect(backups.count == 2 && backups.contains("k0s-harbour-1.0.0"))
        #expect(backups.contains { $0.hasPrefix("k0s_backup_") && $0.hasSuffix(".tar.gz") })
        #expect(log["upgrade-again"].status == 0)
        #expect(log["back"].status == 65)
        #expect(log["back"].output.contains("Kubernetes can't go back from v1.36.4+k0s.0 to v1.36.3+k0s.0"))
    }

    private func expectRemoved(_ log: MachineLog) {
        #expect(log["plan"].output.contains("(data in /srv/harbour/cargo stays)"))
        #expect(log["unasked"].status == 65)
        #expect(log["uninstall"].status == 0)
        #expect(log["data"].output == "treasure")
        let left = log["left"].lines.filter { $0.hasPrefix("<") || $0.hasPrefix(">") }
        #expect(
            left.filter { !$0.hasPrefix("> /var/lib/sealift/backups/") } == [
                "> /srv/harbour/cargo/chest", "> /var/lib/sealift/parameters.json",
            ])
        #expect(log["unit"].status != 0)
        #expect(log["link"].status != 0)
        let reinstall = log["reinstall"]
        #expect(reinstall.status == 0, "\(reinstall.output)")
        #expect(log["reinstall-password"].output == log["password"].output)
        #expect(log["still there"].output == "treasure")
        #expect(log["delete"].status == 0)
        #expect(log["nothing"].status == 0, "\(log["nothing"].output)")
        #expect(log["data-gone"].status != 0)
        #expect(log["gone"].status != 0)
    }

    @Test func upgradesWithADeltaWhereItsBaseIs() async throws {
        struct Listing: Decodable {
            struct Base: Decodable { var leftOut: [String] }

            var base: Base?
        }
        let harbour = try await Harbour()
        let delta = try await harbour.delta(since: harbour.first)
        func inspect() async throws -> Listing {
            let run = try await SealiftRun(
                [Executables.sealift.string, "inspect", delta.string, "--format", "json"], environment: [:],
                in: harbour.data)
            return try run.decoded(Listing.self)
        }
        let leftOut = try #require(try await inspect().base?.leftOut)
        // Two layers of the tools, one of them the web's, and k0s.
        #expect(leftOut.count == 3)
        try await harbour.split()
        let log = try await harbour.run("delta")
        #expect(log["fresh"].status == 65)
        #expect(log["fresh"].output.contains("a delta on top of harbour 1.0.0: nothing is installed here"))
        #expect(log["nothing"].status != 0)
        #expect(log["part-missing"].status == 66)
        for part in ["tar.zst.002 is missing", "looked in /data/a"] {
            #expect(log["part-missing"].output.contains(part), "\(log["part-missing"].output)")
        }
        for section in ["parts", "parts-again", "whole-again"] {
            #expect(log[section].status == 0, "\(section): \(log[section].output)")
        }
        #expect(log["plan"].output.contains("todo  base"), "\(log["plan"].output)")
        #expect(log["lost"].status == 65, "\(log["lost"].output)")
        #expect(log["lost"].output.contains("  docker.io/harbour/tools:1.0"), "\(log["lost"].output)")
        for section in ["lost", "upgrade"] {
            #expect(log[section].output.contains("k0s isn't running; it is started"), "\(log[section].output)")
        }
        #expect(log["unchanged"].output.contains("\"version\" : \"1.0.0\""))
        #expect(log["other-program"].status == 65)
        #expect(log["other-program"].output.contains("/usr/local/bin/k0s is another version"))
        for section in ["export", "file", "upgrade", "verify", "version", "again", "back", "mended", "uninstall"] {
            #expect(log[section].status == 0, "\(section): \(log[section].output)")
        }
        #expect(log["lost-again"].status == 65, "what was found once is looked for again: \(log["lost-again"].output)")
        #expect(log["version"].output.contains("harbour 1.0.1"))
        #expect(log["again"].output.contains("harbour 1.0.1 is installed"))
        // What the host tells of itself makes the same delta.
        #expect(log["written"].output == log["export"].output)
        try write(log["export"].output.utf8, to: harbour.file("state.json"))
        _ = try await harbour.delta(since: harbour.file("state.json"))
        #expect(try await inspect().base?.leftOut == leftOut)
    }

    @Test func refusesWrongBundlesBeforeAnythingChanges() async throws {
        let harbour = try await Harbour()
        let whole = try contents(of: harbour.first)
        func put(_ name: String, _ bytes: some Sequence<UInt8>) throws {
            try write(bytes, to: harbour.data.appending("wrong/\(name).tar.zst"))
        }
        let places = (1..<8).map { whole.count * $0 / 8 }
        for place in places {
            var damaged = whole
            damaged[place] ^= 0x10
            try put("flipped-\(place)", damaged)
            try put("cut-\(place)", whole[..<place])
        }
        try put("empty", [])
        try put("zeroes", [UInt8](repeating: 0, count: 100_000))
        try put("longer", whole + [0])
        try put("foreign", try contents(of: await harbour.foreign()))
        let log = try await harbour.run("refusals")
        for name in ["empty", "zeroes", "longer", "foreign"] + places.flatMap({ ["flipped-\($0)", "cut-\($0)"] }) {
            let refusal = log[name]
            #expect(refusal.status == 65, "\(name): \(refusal.output)")
            #expect(refusal.output.contains("error: "), "\(name): \(refusal.output)")
        }
        #expect(log["foreign"].output.contains("this host fails the check architecture; nothing was changed"))
        #expect(log["missing"].status == 66)
        #expect(log["unwaived"].status == 65)
        #expect(log["changed"].status == 0, "\(log["changed"].output)")
        #expect(log["state"].lines.filter { !$0.hasPrefix("ls: ") } == [])
    }
}
