import BundleFormat
import FoundationEssentials
import OCI
import TestSupport
import Testing

@testable import BundleInstaller

/// A record of sample 1.0.0, on a Kubernetes that was there.
func sampleRecord(
    version: String = "1.0.0", index: Digest = .of(Data("1".utf8)), kubernetes: String? = nil
) -> InstalledRecord {
    InstalledRecord(
        bundle: "sample", version: version, index: index, kubernetes: kubernetes, isMultiNode: false,
        nodeAddress: "192.0.2.7", hasDummyRoute: false, kubeconfig: nil, kubectl: nil, socket: "/nowhere/socket",
        namespace: "k8s.io", snapshotter: nil, objects: [], dataPaths: [], waived: [])
}

@Suite struct KubernetesVersionTests {
    @Test(arguments: [("v1.36.3+k0s.0", [1, 36, 3]), ("1.9.0", [1, 9, 0]), ("v1.36.0-rc.1", [1, 36, 0])])
    func reads(text: String, numbers: [Int]) throws {
        let version = try #require(KubernetesVersion(text))
        #expect([version.major, version.minor, version.patch] == numbers)
    }

    @Test(arguments: ["", "v", "1.36", "v1.36.x+k0s.0", "1.36.3.4", "v1..3", "latest", "1.99999999999999999999.0"])
    func refuses(text: String) { #expect(KubernetesVersion(text) == nil) }

    @Test func comparesAsNumbers() throws {
        let versions = try ["v1.9.10", "v1.10.2", "v1.10.10", "v2.0.0"].map { try #require(KubernetesVersion($0)) }
        #expect(versions == versions.shuffled().sorted())
    }
}

@Suite struct BundleVersionTests {
    private static let ascending = [
        "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
        "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2", "1.10", "v2.0.0", "2026.11.22", "20261122", "99999999999999999999.0",
    ]

    @Test func areInOrder() {
        for (index, left) in Self.ascending.enumerated() {
            for (other, right) in Self.ascending.enumerated() {
                #expect(
                    BundleVersion(left).isOlder(than: BundleVersion(right)) == (index < other), "\(left) \(right)")
            }
        }
    }

    @Test(arguments: [("1.0", "1.0.0"), ("1.0.0+1", "1.0.0+2"), ("v1.0", "1.0"), ("1.00", "1.0")])
    func areTheSame(left: String, right: String) {
        #expect(!BundleVersion(left).isOlder(than: BundleVersion(right)))
        #expect(!BundleVersion(right).isOlder(than: BundleVersion(left)))
    }

    @Test(arguments: ["", "spring", "1.x", "1..2", "-1", "v", "2024a"])
    func haveNoOrder(text: String) {
        #expect(!BundleVersion(text).isOlder(than: BundleVersion("9.9")))
        #expect(!BundleVersion("0.1").isOlder(than: BundleVersion(text)))
    }
}

@Suite struct StandingTests {
    private let one = Digest.of(Data("1".utf8))
    private let two = Digest.of(Data("2".utf8))

    private func description(
        _ kubernetes: String? = nil, name: String = "sample", version: String = "2.0.0"
    ) -> BundleDescription {
        var bundle = TestBundle(version: version).description
        bundle.name = name
        bundle.kubernetes = kubernetes.map {
            .init(distribution: "k0s", version: $0, binaries: [:], config: nil, images: [])
        }
        return bundle
    }

    private func entries(_ command: String, _ index: Digest, isFinished: Bool = false) -> [JournalEntry] {
        var start = JournalEntry(.started)
        start.command = command
        start.bundle = "sample-\(index == one ? "1.0.0" : "2.0.0")"
        start.index = index
        return [start] + (isFinished ? [JournalEntry(.completed)] : [])
    }

    /// What is replaced; or what is wrong.
    private func decide(
        _ kind: Installation.Kind, _ index: Digest, _ record: InstalledRecord?, _ entries: [JournalEntry] = [],
        _ description: BundleDescription? = nil, allowsDowngrade: Bool = false
    ) -> String {
        do throws(InstallError) {
            let standing = try Standing(
                kind, of: description ?? self.description(), index: index, record: record, entries: entries,
                allowsDowngrade: allowsDowngrade)
            return standing.replaced.map { "replaces \($0.label)" } ?? "replaces nothing"
        } catch {
            return "\(error)" + (error.hint.map { "; hint: \($0)" } ?? "")
        }
    }

    @Test func installs() {
        #expect(decide(.install, one, nil) == "replaces nothing")
        #expect(decide(.install, one, sampleRecord()) == "replaces nothing")
        #expect(decide(.install, one, sampleRecord(), entries("install", one)) == "replaces nothing", "resumed")
        #expect(decide(.install, one, sampleRecord(), entries("install", one, isFinished: true)) == "replaces nothing")
        #expect(decide(.install, two, sampleRecord()).contains("is installed here, not sample-2.0.0"))
        #expect(decide(.install, two, sampleRecord(), entries("install", one)).contains("was begun here"))
        #expect(
            decide(.install, two, sampleRecord(), entries("upgrade", two)).contains("sample-1.0.0 is installed here"))
    }

    @Test func aRunThatPutNothingInPlaceBindsNobody() {
        #expect(decide(.install, two, nil, entries("install", one)) == "replaces nothing")
    }

    @Test(arguments: [Installation.Kind.install, .upgrade])
    func aRemovalThatWasBegunComesFirst(kind: Installation.Kind) {
        for index in [one, two] {
            #expect(decide(kind, index, sampleRecord(), entries("uninstall", one)).contains("removal of sample-1.0.0"))
        }
    }

    @Test func upgrades() {
        #expect(decide(.upgrade, two, nil).contains("nothing is installed"))
        #expect(decide(.upgrade, two, sampleRecord()) == "replaces sample-1.0.0")
        #expect(decide(.upgrade, two, sampleRecord(), entries("upgrade", two)) == "replaces sample-1.0.0", "resumed")
        #expect(decide(.upgrade, one, sampleRecord()) == "replaces nothing", "run again")
        #expect(decide(.upgrade, two, sampleRecord(), entries("install", one)).contains("was begun here"))
        #expect(decide(.upgrade, two, sampleRecord(), [], description(name: "other")).contains("this is other"))
    }

    @Test func anOlderVersionIsTakenOnlyWhereItIsMeant() {
        let record = sampleRecord(version: "2.1.0")
        let refusal = decide(.upgrade, two, record)
        #expect(refusal.contains("sample-2.0.0 is older than sample-2.1.0, which is installed; hint: --allow-down"))
        #expect(decide(.upgrade, two, record, allowsDowngrade: true) == "replaces sample-2.1.0")
        #expect(decide(.upgrade, two, sampleRecord(version: "2.0.0")) == "replaces sample-2.0.0", "built anew")
        #expect(decide(.upgrade, two, sampleRecord(version: "spring")) == "replaces sample-spring", "in no order")
        // Kubernetes' own rule stands whatever is allowed.
        let newer = sampleRecord(version: "2.1.0", kubernetes: "v1.36.3+k0s.0")
        #expect(
            decide(.upgrade, two, newer, [], description("v1.36.2+k0s.0"), allowsDowngrade: true).contains(
                "can't go back"))
    }

    @Test func anUpgradeThatOnlyLacksItsLastLineIsFinished() {
        let record = sampleRecord(version: "2.0.0", index: two)
        #expect(decide(.upgrade, two, record, entries("upgrade", two)) == "replaces nothing")
        #expect(decide(.upgrade, two, record, entries("upgrade", two, isFinished: true)) == "replaces nothing")
    }

    @Test func aHostIsWorkerOrNot() {
        var worker = sampleRecord(kubernetes: "v1.36.3+k0s.0")
        worker.joined = "https://192.0.2.10:6443"
        let controller = sampleRecord(kubernetes: "v1.36.3+k0s.0")
        #expect(decide(.join, one, nil) == "replaces nothing")
        #expect(decide(.join, one, worker) == "replaces nothing")
        #expect(decide(.join, one, worker, entries("join", one)) == "replaces nothing", "resumed")
        #expect(decide(.join, two, worker).contains("sample-1.0.0 is installed here"))
        #expect(decide(.join, one, controller).contains("has a platform of its own"))
        #expect(decide(.install, one, worker).contains("is a worker"))
        #expect(decide(.upgrade, two, worker, [], description("v1.36.4+k0s.0")) == "replaces sample-1.0.0")
        #expect(decide(.join, one, worker, entries("uninstall", one)).contains("removal of sample-1.0.0"))
    }

    /// Records of before know nothing of workers.
    @Test func anOldRecordIsNoWorkers() throws {
        let text = String(decoding: try encodeJSON(sampleRecord()), as: UTF8.self)
        #expect(!text.contains("joined"))
        let read: InstalledRecord = try decodeJSON(Data(text.utf8), as: "record")
        #expect(!read.isWorker && read == sampleRecord())
    }

    private static let pairs: [(old: String?, new: String?, outcome: String)] = [
        ("v1.35.7+k0s.0", "v1.36.3+k0s.0", "replaces sample-1.0.0"),
        ("v1.36.3+k0s.0", "v1.36.3+k0s.0", "replaces sample-1.0.0"),
        ("v1.36.2+k0s.0", "v1.36.3+k0s.1", "replaces sample-1.0.0"),
        ("v1.34.7+k0s.0", "v1.36.3+k0s.0", "one minor version at a time"),
        ("v1.34.7+k0s.0", "v1.36.3+k0s.0", "hint: upgrade to a bundle with Kubernetes 1.35 first"),
        ("v1.36.3+k0s.0", "v1.36.2+k0s.0", "can't go back"),
        ("v1.36.3+k0s.0", "v2.0.0+k0s.0", "can't go back"),
        ("v1.36.3+k0s.0", "newest", "can't compare"),
        ("v1.36.3+k0s.0", nil, "the new bundle brings none"),
        (nil, "v1.36.3+k0s.0", "the new bundle brings its own"),
    ]

    @Test(arguments: pairs)
    func kubernetesGoesOneStepAtATime(old: String?, new: String?, outcome: String) {
        let record = sampleRecord(kubernetes: old)
        #expect(decide(.upgrade, two, record, [], description(new)).contains(outcome))
    }
}
