import BundleFormat
import Cluster
import FoundationEssentials
import NodeImages
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite struct InstalledRecordTests {
    @Test func isReadAsItWasWritten() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("installed.json")
        #expect(try InstalledRecord.read(path) == nil)
        var record = sampleRecord(kubernetes: "v1.36.3+k0s.0")
        record.objects = [.init(stage: "app", objects: [object("Deployment", "web")], earlier: nil)]
        try record.write(to: path)
        #expect(try InstalledRecord.read(path) == record)
    }

    @Test func anotherSchemaIsNamedWhateverElseItHas() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("installed.json")
        try write(#"{"schemaVersion":2,"platforms":["later"]}"#.utf8, to: path)
        #expect { try InstalledRecord.read(path) } throws: { "\($0)".contains("this Sealift reads schema 1") }
        for text in ["", "{", "{}", "[]", #"{"schemaVersion":1}"#] {
            try write(text.utf8, to: path)
            #expect { try InstalledRecord.read(path) } throws: { "\($0)".contains(path.string) }
        }
    }

    @Test func knowsHowToReachWhatWasThere() {
        var record = sampleRecord()
        #expect(record.node.socket == "/nowhere/socket")
        #expect(record.node.snapshotter == "overlayfs")
        record.snapshotter = "native"
        #expect(record.node.snapshotter == "native")
    }

    /// What is deleted goes the other way round: an operator's resources before the operator.
    @Test func stagesKeepTheirOrderWhenOneIsAppliedAgain() {
        var record = sampleRecord()
        for stage in ["retired", "core", "data"] {
            record.remember(.init(stage: stage, objects: [], earlier: nil), in: [stage])
        }
        record.remember(.init(stage: "core", objects: [object("Service", "s")], earlier: nil), in: ["core", "data"])
        #expect(record.objects.map(\.stage) == ["retired", "core", "data"])
        #expect(record.objects[1].objects.map(\.name) == ["s"])
        record.remember(.init(stage: "new", objects: [], earlier: nil), in: ["core", "new", "data"])
        #expect(record.objects.map(\.stage) == ["retired", "core", "new", "data"])
    }
}

private func object(_ kind: String, _ name: String, _ version: String = "v1") -> ObjectReference {
    ObjectReference(apiVersion: version, kind: kind, namespace: "default", name: name)
}

@Suite struct PruningTests {
    private func prune(
        _ stages: [InstalledRecord.StageObjects], keeping names: Set<String>
    ) -> (gone: [String], left: [InstalledRecord.StageObjects]) {
        var record = sampleRecord()
        record.objects = stages
        let pruning = record.pruning(keeping: names)
        return (pruning.gone.map(\.name), pruning.left)
    }

    @Test func takesAwayWhatIsNoMore() {
        let (gone, left) = prune(
            [
                .init(stage: "a", objects: [object("Service", "kept")], earlier: [object("Service", "old")]),
                .init(stage: "b", objects: [object("Service", "b1"), object("Service", "b2")], earlier: nil),
            ], keeping: ["a"])
        #expect(gone == ["b2", "b1", "old"], "what was applied last goes first")
        #expect(left == [.init(stage: "a", objects: [object("Service", "kept")], earlier: nil)])
    }

    @Test func anObjectThatMovedIsTheSame() {
        let (gone, left) = prune(
            [
                .init(stage: "old", objects: [object("Service", "moved"), object("CronJob", "c", "batch/v1beta1")]),
                .init(stage: "new", objects: [object("Service", "moved"), object("CronJob", "c", "batch/v1")]),
            ], keeping: ["new"])
        #expect(gone.isEmpty)
        #expect(left.map(\.stage) == ["new"])
    }

    @Test func whatHoldsDataStaysAndStaysKnown() {
        let claim = object("PersistentVolumeClaim", "data")
        let (gone, left) = prune(
            [
                .init(stage: "a", objects: [object("Service", "kept")], earlier: [claim]),
                .init(stage: "b", objects: [object("Service", "s"), object("Namespace", "n")], earlier: nil),
            ], keeping: ["a"])
        #expect(gone == ["s"])
        #expect(left.flatMap { $0.earlier ?? [] }.map(\.name) == ["data", "n"])
        #expect(left.flatMap(\.objects).map(\.name) == ["kept"])
        #expect(prune(left, keeping: ["a"]).left == left, "and again")
    }
}

@Suite struct UninstallationPlanTests {
    private func plan(_ record: InstalledRecord, deletesData: Bool) throws -> [String] {
        let directory = TemporaryDirectory()
        let paths = InstallerPaths(state: directory.file("state"), lock: directory.file("lock"))
        try StateFile.makeFolder(paths.state)
        try record.write(to: paths.record)
        return Uninstallation(of: try InstalledPlatform(paths: paths), deletesData: deletesData).plan.map {
            $0.replacing(paths.state.string, with: "STATE")
        }
    }

    @Test func namesWhatK0sLeaves() throws {
        var record = sampleRecord(kubernetes: "v1.36.3+k0s.0")
        record.hasDummyRoute = true
        record.dataPaths = ["/srv/data"]
        #expect(
            try plan(record, deletesData: false) == [
                "k0s v1.36.3+k0s.0: its service, containers and /var/lib/k0s",
                "/usr/local/bin/k0s, /etc/k0s/k0s.yaml", "the interface sealift0", "(data in /srv/data stays)",
                "STATE, but for STATE/parameters.json",
            ])
        #expect(try plan(record, deletesData: true).suffix(2) == ["DATA in /srv/data", "STATE"])
    }

    @Test func leavesAClusterThatWasThere() throws {
        var record = sampleRecord()
        record.objects = [.init(stage: "a", objects: [object("Service", "s"), object("Namespace", "n")], earlier: nil)]
        #expect(
            try plan(record, deletesData: false).prefix(2) == [
                "1 objects in Kubernetes", "the images of sample-1.0.0 in containerd",
            ])
        #expect(try plan(record, deletesData: true).first == "2 objects in Kubernetes")
    }
}

@Suite struct UninstallationRefusalTests {
    @Test func withoutItsProgramK0sStaysAndNothingChanges() async throws {
        let directory = TemporaryDirectory()
        let paths = InstallerPaths(state: directory.file("state"), lock: directory.file("lock"))
        var k0s = K0sPaths()
        k0s.binary = directory.file("bin/k0s")
        k0s.data = directory.file("k0s")
        k0s.systemdUnits = directory.file("units")
        try write("".utf8, to: k0s.data.appending("pki/admin.conf"))
        try StateFile.makeFolder(paths.state)
        try sampleRecord(kubernetes: "v1.36.3+k0s.0").write(to: paths.record)
        let platform = try InstalledPlatform(paths: paths, k0sPaths: k0s)
        await #expect {
            try await Uninstallation(of: platform, deletesData: false).run { _ in }
        } throws: { error in
            "\(error)".contains("only it can take k0s away")
                && (error as? InstallError)?.hint?.contains("'sealift-installer install' of sample-1.0.0") == true
        }
        #expect(!exists(paths.journal), "a removal that was refused was not begun")
        #expect(exists(paths.record))
    }

    @Test func takesAwayAnInstallationThatNeverCameToK0s() async throws {
        let directory = TemporaryDirectory()
        let paths = InstallerPaths(state: directory.file("state"), lock: directory.file("lock"))
        var k0s = K0sPaths()
        k0s.binary = directory.file("bin/k0s")
        k0s.data = directory.file("k0s")
        k0s.run = directory.file("run")
        k0s.systemdUnits = directory.file("units")
        k0s.openrcServices = directory.file("init.d")
        k0s.configuration = directory.file("etc/k0s/k0s.yaml")
        k0s.resolvConf = directory.file("etc/k0s/resolv.conf")
        try write("x: y\n".utf8, to: k0s.configuration)
        try write("mine".utf8, to: k0s.resolvConf)
        try StateFile.makeFolder(paths.state)
        var record = sampleRecord(kubernetes: "v1.36.3+k0s.0")
        record.settings = [.of(Data("x: y\n".utf8))]
        try record.write(to: paths.record)
        try write("{}".utf8, to: paths.parameters)
        let texts = Record<String>()
        func run() async throws {
            try await Uninstallation(of: InstalledPlatform(paths: paths, k0sPaths: k0s), deletesData: true).run {
                texts.add("\($0)")
            }
        }
        try await run()
        #expect(!exists(directory.file("state")) && !exists(k0s.configuration))
        #expect(try contents(of: k0s.resolvConf) == Array("mine".utf8), "what somebody else wrote stays")
        #expect(texts.all.contains { $0.contains("\(k0s.resolvConf) is left alone") })

        record.settings = [.of(Data("mine".utf8))]
        try StateFile.makeFolder(paths.state)
        try record.write(to: paths.record)
        try await run()
        #expect(!exists(directory.file("state")) && !exists(directory.file("etc/k0s")))
    }
}

@Suite struct StatusReportTests {
    private func report(_ command: String, _ entries: [JournalEntry]) async throws -> StatusReport {
        let directory = TemporaryDirectory()
        let paths = InstallerPaths(state: directory.file("state"), lock: directory.file("lock"))
        var k0s = K0sPaths()
        k0s.binary = directory.file("no-k0s")
        k0s.run = directory.file("run")
        try StateFile.makeFolder(paths.state)
        var record = sampleRecord(kubernetes: "v1.36.3+k0s.0")
        record.waived = ["cpu"]
        try record.write(to: paths.record)
        let journal = try Journal(at: paths.journal)
        var start = JournalEntry(.started)
        start.command = command
        // What an earlier command did says nothing of this one.
        for entry in [start, JournalEntry(.finished, step: "earlier"), JournalEntry(.completed), start] + entries {
            try journal.append(entry)
        }
        return try await StatusReport(of: InstalledPlatform(paths: paths, k0sPaths: k0s))
    }

    @Test func tellsHowFarTheLastCommandCame() async throws {
        let report = try await report(
            "upgrade",
            [
                JournalEntry(.begun, step: "import"), JournalEntry(.finished, step: "import"),
                JournalEntry(.begun, step: "node"), JournalEntry(.failed, step: "node", reason: "no room"),
            ])
        #expect(report.command == "upgrade" && !report.isFinished && !report.isSound)
        #expect(
            report.steps.map { "\($0.step) \($0.state) \($0.reason ?? "")" } == [
                "import finished ", "node failed no room",
            ])
        #expect(report.waived == ["cpu"] && report.nodeAddress == "192.0.2.7")
        #expect(report.unreachable?.contains("no-k0s") == true, "a k0s that is gone is told, not thrown")
    }

    @Test func whatIsDoneButCannotBeReachedIsNotSound() async throws {
        let report = try await report("install", [JournalEntry(.completed)])
        #expect(report.isFinished && !report.isSound)
    }

    @Test func nothingInstalledIsSaid() {
        let directory = TemporaryDirectory()
        let paths = InstallerPaths(state: directory.file("state"), lock: directory.file("lock"))
        #expect { try InstalledPlatform(paths: paths) } throws: { "\($0)".contains("nothing is installed") }
    }
}
