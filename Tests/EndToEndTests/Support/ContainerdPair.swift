import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// Two containerds of the same version, of which `ctr` fills one and the installer the other.
final class ContainerdPair {
    let program: String
    let theirs: FilePath
    let ours: FilePath
    let snapshotter: String
    let place: Workplace
    private let start = Date.now.timeIntervalSince1970
    /// Snapshots of images that neither takes: what is left of them goes at any moment.
    private var refused: Set<String> = []
    private var taken: Set<String> = []
    /// Whether the installer's outcome tells who has unpacked.
    private var tellsWho = false

    init(program: String, theirs: FilePath, ours: FilePath, snapshotter: String) throws {
        self.program = program
        self.theirs = theirs
        self.ours = ours
        self.snapshotter = snapshotter
        place = try Workplace(SampleBundle(images: []))
    }

    /// What an import tells, as far as it matters here.
    private struct Outcome: Decodable {
        var layersUnpacked: Int
        var layersUnpackedByContainerd: Int?
    }

    /// Imports an image into both, and expects that both take it, or neither.
    ///
    /// With `mayFallBack` any layer may be left to containerd, not only those that the image names.
    func importBoth(_ packed: NastyImages.Packed, _ more: [String], mayFallBack: Bool) async throws {
        let image = packed.image
        let options = try await snapshotterOptions()
        let theirs = try await ctr(theirs, ["images", "import"] + options + [packed.layout.string])
        if snapshotter == "overlayfs" {
            #expect((theirs.code == 0) == (image.refused == nil), "ctr, \(image.name): \(theirs.transcript)")
        }
        let ours = try await installer(packed.archive, more)
        #expect((ours.code == 0) == (theirs.code == 0), "\(image.name): \(ours.transcript)\(theirs.transcript)")
        guard theirs.code == 0, ours.code == 0 else {
            refused.formUnion(image.chains)
            #expect(!tellsWho || ours.errors.contains("nasty/\(image.name)"), "\(image.name): \(ours.transcript)")
            return
        }
        taken.formUnion(image.chains)
        let outcome: Outcome = try ours.decoded()
        #expect(outcome.layersUnpacked <= image.chains.count)
        guard let count = outcome.layersUnpackedByContainerd else { return }
        tellsWho = true
        let isSure = snapshotter == "overlayfs" && !mayFallBack
        let allowed = isSure ? image.fallback.count { $0 } : image.chains.count
        #expect(count <= allowed, "\(image.name): \(count) layers were left to containerd, not at most \(allowed)")
    }

    /// Imports a sound bundle into both: as an archive of OCI images with `ctr`.
    func importBoth(bundle: FilePath) async throws {
        let theirs = try await place.shell(
            "zstd -q -dc --long=27 \"$1\" | \"$2\" --address \"$3\" --namespace k8s.io images import -", bundle.string,
            client, theirs.string)
        #expect(theirs.code == 0, "\(theirs.transcript)")
        let ours = try await installer(bundle, [])
        #expect(ours.code == 0, "\(ours.transcript)")
        let outcome: Outcome = try ours.decoded()
        #expect(outcome.layersUnpacked > 0)
        #expect(outcome.layersUnpackedByContainerd ?? 0 == 0, "\(bundle)")
        let count = try await ctr(self.ours, ["snapshots", "ls"]).lines.count { $0.contains(" Committed") }
        try await expectSame(count: count)
    }

    /// Expects the same committed snapshots in both, and nothing of what was refused.
    func expectSame(refused images: [NastyImages.Image]) async throws {
        let there = try await ctr(ours, ["snapshots", "--snapshotter", snapshotter, "ls"]).output
        #expect(!there.contains(" Active"), "\(there)")
        for image in images where snapshotter == "overlayfs" {
            for chain in image.chains[(image.refused ?? image.chains.count)...] {
                #expect(!there.contains("\(chain) "), "\(image.name): \(chain) is unpacked")
            }
        }
        try await expectSame(count: taken.count)
    }

    private func expectSame(count: Int) async throws {
        let run = try await place.run(
            [
                "/usr/bin/python3", NastyImages.scripts.appending("compare-trees.py").string, "snapshots", "\(start)",
                snapshotter, client, theirs.string, ours.string,
            ] + refused.subtracting(taken))
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.lines.first == "compared \(count) snapshots", "\(run.transcript)")
    }

    /// Runs the installer's `import` into its containerd.
    private func installer(_ bundle: FilePath, _ more: [String]) async throws -> SealiftRun {
        try await place.run(
            [
                Executables.installer.string, "import", bundle.string, "--address", ours.string, "--snapshotter",
                snapshotter, "--format", "json",
            ] + more)
    }

    /// The `ctr` of that version.
    private var client: String {
        program.contains("/") ? FilePath(program).removingLastComponent().appending("ctr").string : "ctr"
    }

    private func ctr(_ socket: FilePath, _ arguments: [String]) async throws -> SealiftRun {
        try await place.run([client, "--address", socket.string, "--namespace", "k8s.io"] + arguments)
    }

    /// What makes `ctr images import` unpack as is wanted; newer ones can do it for others than overlayfs on one of
    /// two ways only.
    private func snapshotterOptions() async throws -> [String] {
        guard snapshotter != "overlayfs" else { return [] }
        let help = try await place.run([client, "images", "import", "--help"]).output
        return ["--snapshotter", snapshotter] + (help.contains("--local") ? ["--local"] : [])
    }
}
