import BundleFormat
import Glibc
import OCI
import Preflight
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

/// A bundle without Kubernetes, onto a real containerd and the stand-in's API by the real kubectl.
@Suite(
    .enabled(
        if: KubernetesStandIn.isUsable && ContainerdDaemon.isUsable, "needs root, containerd, kubectl and python3"))
struct InstallationTests {
    @Test func installsChecksUpgradesAndUninstalls() async throws {
        try await InstallationSite.with { site in
            try write("mine".utf8, to: site.folder.appending("volumes/data/file"))
            let first = try site.bundle("1.0.0", ["settings", "old-only"], image: InstallationSite.old)
            let texts = Record<String>()
            let (performed, summary) = try await site.run(
                .install, first, explicit: true, ["word": "ahoy"], texts: texts)
            #expect(performed == ["archive", "import", "files", "stage-app", "inventory", "checks"])
            #expect(summary.secrets == ["password"] && summary.secretsFile == site.paths.parameters.string)
            #expect(summary.addresses.map { $0.hasSuffix("/web") } == [true])
            #expect(try contents(of: site.paths.files.appending("words.txt")) == Array("1.0.0".utf8))
            #expect(try await site.kubectl("get", "configmap", "settings", "-o", "jsonpath={.data.m}") == "ahoy")
            #expect(try await site.images().contains(InstallationSite.old))

            let password = try Parameters(keptAt: site.paths.parameters).values["password"] ?? "none"
            #expect(!texts.all.contains { $0.contains(password) })
            #expect(!String(decoding: try contents(of: site.paths.journal), as: UTF8.self).contains(password))

            #expect(try await site.run(.install, first).performed == Self.repeated)
            _ = try await site.kubectl("delete", "configmap", "old-only")
            #expect(
                try await site.run(.install, first).performed.contains("stage-app"), "what is gone is applied again")

            try await Self.converges(site, first)

            let results = Record<String>()
            #expect(try await InstalledPlatform(paths: site.paths).check { results.add("\($0.layer) \($0.name)") })
            #expect(results.all == ["resources valid-app", "resources ready-app", "function check-app"])

            try await Self.upgrades(site, password)
            try await Self.uninstalls(site)
        }
    }

    /// What was changed by hand is as the bundle says again.
    private static func converges(_ site: InstallationSite, _ bundle: BundleReader) async throws {
        func isPlanned(_ step: String) async throws -> Bool {
            let installation = try Installation(
                .install, of: bundle, options: site.options(explicit: false), paths: site.paths)
            return try await installation.plan().contains { $0.step == step && !$0.isDone }
        }
        #expect(try await !isPlanned("stage-app"))
        _ = try await site.kubectl("patch", "configmap", "settings", "--patch", #"{"data":{"m":"edited"}}"#)
        _ = try await site.kubectl("label", "configmap", "settings", "beside=ours")
        #expect(try await isPlanned("stage-app"), "a dry run tells")
        let texts = Record<String>()
        #expect(try await site.run(.install, bundle, texts: texts).performed.contains("stage-app"))
        #expect(texts.all.contains { $0.contains("ConfigMap default/settings is not as it was applied") })
        #expect(try await site.kubectl("get", "configmap", "settings", "-o", "jsonpath={.data.m}") == "ahoy")
        let label = try await site.kubectl("get", "configmap", "settings", "-o", "jsonpath={.metadata.labels.beside}")
        #expect(label == "ours", "what the bundle doesn't speak of stays")
        #expect(try await site.run(.install, bundle).performed == Self.repeated)
    }

    /// What is done at every run.
    private static let repeated = ["import", "prune", "inventory", "checks"]

    private static func upgrades(_ site: InstallationSite, _ password: String) async throws {
        let second = try site.bundle("2.0.0", ["settings"], image: InstallationSite.new)
        let plan = try await Installation(
            .upgrade, of: second, options: site.options(explicit: false), paths: site.paths
        ).plan()
        let steps = [
            "import", "files", "stage-app", "prune", "inventory", "retire", "checks",
        ]
        #expect(plan.map(\.step) == ["preflight", "archive"] + steps)
        let upgraded = try await site.run(.upgrade, second)
        #expect(upgraded.performed == ["archive"] + steps)
        #expect(try await site.kubectl("get", "configmap", "settings", "-o", "jsonpath={.data.m}") == "ahoy")
        #expect(try await site.kubectl("get", "configmap", "old-only", "--ignore-not-found").isEmpty)
        #expect(try Parameters(keptAt: site.paths.parameters).values["password"] == password)
        #expect(try await site.images().filter { $0.contains(":") && !$0.contains("@") } == [InstallationSite.new])
        #expect(try await StatusReport(of: InstalledPlatform(paths: site.paths)).isSound)
        #expect(try contents(of: site.paths.files.appending("words.txt")) == Array("2.0.0".utf8))
        #expect(exists(site.paths.files.appending("2.0.0/own")) && !exists(site.paths.files.appending("1.0.0")))
        for name in ["one/inner", "two"] {
            #expect(try contents(of: site.paths.files.pushing(FilePath(name))) == Array("2.0.0".utf8))
        }

        // Killed after everything but the last line.
        let lines = String(decoding: try contents(of: site.paths.journal), as: UTF8.self).split(separator: "\n")
        try write((lines.dropLast().joined(separator: "\n") + "\n").utf8, to: site.paths.journal)
        #expect(try await !StatusReport(of: InstalledPlatform(paths: site.paths)).isFinished)
        try await site.run(.upgrade, second)
        #expect(try await StatusReport(of: InstalledPlatform(paths: site.paths)).isSound)
        try await site.run(.upgrade, second)
        #expect(try await StatusReport(of: InstalledPlatform(paths: site.paths)).isSound, "again, with nothing to do")
    }

    private static func uninstalls(_ site: InstallationSite) async throws {
        let platform = try InstalledPlatform(paths: site.paths)
        try await Uninstallation(of: platform, deletesData: false).run { _ in }
        #expect(try await site.kubectl("get", "configmap", "settings", "--ignore-not-found").isEmpty)
        #expect(
            try await site.kubectl("get", "pv", "data", "--ignore-not-found", "-o", "name") == "persistentvolume/data\n"
        )
        #expect(try await site.images().isEmpty)
        #expect(!exists(site.paths.record) && !exists(site.paths.journal) && !exists(site.paths.bundle))
        #expect(!exists(site.paths.kubectlCache))
        #expect(exists(site.paths.parameters), "data can't be read again without it")
        #expect(exists(site.folder.appending("volumes/data/file")))
    }

    @Test func anObjectThatAValueRenamesIsMadeAnewAndTakenAway() async throws {
        try await InstallationSite.with { site in
            let bundle = try site.bundle("1.0.0", ["say-${{ word }}"], image: InstallationSite.old)
            try await site.run(.install, bundle, explicit: true, ["word": "ahoy"])
            try await site.run(.install, bundle, ["word": "moin"])
            let names = try await site.kubectl("get", "configmaps", "-o", "name").split(separator: "\n")
            #expect(names.filter { $0.contains("say-") } == ["configmap/say-moin"])
        }
    }

    @Test func aKindThatWasDeletedIsMadeAnewWithItsObjects() async throws {
        try await InstallationSite.with { site in
            let bundle = try site.bundle(
                "1.0.0", ["settings"], image: InstallationSite.old,
                more: "---\n\(KubernetesStandIn.thing)\n")
            try await site.run(.install, bundle, explicit: true)
            _ = try await site.kubectl("delete", "crd", "things.example.org")
            #expect(try await site.run(.install, bundle).performed.contains("stage-app"))
            #expect(try await site.kubectl("get", "things", "one", "-o", "name") == "thing.example.org/one\n")
        }
    }

    @Test func goesOnWhereverItWasCutOff() async throws {
        try await InstallationSite.with { site in
            let bundle = try site.bundle("1.0.0", ["settings"], image: InstallationSite.old)
            try await site.run(.install, bundle, explicit: true)
            let lines = String(decoding: try contents(of: site.paths.journal), as: UTF8.self).split(separator: "\n")
            #expect(lines.count > 10)
            for count in stride(from: 1, to: lines.count, by: 2) {
                let kept = lines[..<count].joined(separator: "\n") + "\n" + lines[count].prefix(count * 3)
                try write(kept.utf8, to: site.paths.journal)
                try await site.run(.install, bundle)
                #expect(try Journal.read(site.paths.journal).last?.event == .completed, "cut after \(count) lines")
            }
        }
    }

    @Test func whatIsRefusedChangesNothing() async throws {
        try await InstallationSite.with { site in
            let bundle = try site.bundle("1.0.0", ["settings"], image: InstallationSite.old)
            var options = site.options(explicit: true)
            options.node = nil
            await #expect {
                try await Installation(.install, of: bundle, options: options, paths: site.paths).run { _ in }
            } throws: { "\($0)".contains("--address") }
            await #expect(throws: ParameterError.self) {
                try await site.run(.install, bundle, explicit: true, ["x": "y"])
            }
            var large = TestBundle()
            large.description.requirements.memoryBytes = 1 << 50
            let tooLarge = try large.write(to: site.folder.appending("large"))
            options = site.options(explicit: true)
            options.waived.remove(.memory)
            await #expect {
                try await Installation(.install, of: tooLarge, options: options, paths: site.paths).run { _ in }
            } throws: { error in
                guard case .preflight(["memory"]) = error as? InstallError else { return false }
                return true
            }
            #expect(!exists(site.paths.state))
            #expect(try await site.images().isEmpty)
        }
    }

    /// By name, and only what would have failed.
    @Test func whatWasWaivedIsInTheJournal() async throws {
        try await InstallationSite.with { site in
            var large = TestBundle()
            large.description.requirements.memoryBytes = 1 << 50
            let bundle = try large.write(to: site.folder.appending("large"))
            let installation = try Installation(
                .install, of: bundle, options: site.options(explicit: true), paths: site.paths)
            _ = try? await installation.run { _ in }  // it begins; how it ends is another test's
            let start = try #require(try Journal.read(site.paths.journal).first)
            #expect(start.event == .started)
            #expect(start.waived?.contains("memory") == true)
            #expect(start.waived?.contains("root") == false)
        }
    }

    @Test func aRemovalThatStoppedIsFinishedFirst() async throws {
        try await InstallationSite.with { site in
            let bundle = try site.bundle("1.0.0", ["settings"], image: InstallationSite.old)
            try await site.run(.install, bundle, explicit: true)
            // The cluster can't be reached.
            var record = try #require(try InstalledRecord.read(site.paths.record))
            record.kubectl = site.folder.appending("nowhere").string
            try record.write(to: site.paths.record)
            await #expect {
                try await Uninstallation(of: InstalledPlatform(paths: site.paths), deletesData: true).run { _ in }
            } throws: { error in
                (error as? InstallError)?.hint?.contains("delete \(site.paths.state)") == true
            }
            await #expect { try await site.run(.install, bundle, explicit: true) } throws: {
                "\($0)".contains("the removal of sample-1.0.0")
            }
            record.kubectl = KubernetesStandIn.kubectl?.string
            try record.write(to: site.paths.record)
            try await Uninstallation(of: InstalledPlatform(paths: site.paths), deletesData: true).run { _ in }
            #expect(!exists(site.paths.state))
            #expect(!exists(site.folder.appending("volumes/data")))
        }
    }
}
