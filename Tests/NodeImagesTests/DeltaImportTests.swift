import BundleFormat
import NodeImages
import OCI
import TestSupport
import Testing

/// Deltas on real containerds that have their base, or have lost it.
@Suite(.serialized, .enabled(if: PrivateContainerd.isUsable, PrivateContainerd.reason))
struct DeltaImportTests {
    /// A second version that shares the lowest layer of all images with the first, and has one image unchanged.
    private static func bundles() throws -> (old: NodeBundle, new: NodeBundle) {
        let old = try Samples.bundle()
        let other = try Samples.bundle(seed: 2, version: "1.1.0")
        var images = other.images
        images[1] = old.images[1]
        var new = NodeBundle(images, version: "1.1.0")
        // Only what the node takes of the base is there; what is for another platform is carried.
        new.base = old.images.dropFirst().map(\.image)
        return (old, new)
    }

    @Test(arguments: PrivateContainerd.releases)
    func needsOnlyWhatIsNew(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let (old, new) = try Self.bundles()
        let base = try old.write(to: folder.file("base"))
        let delta = try new.write(to: folder.file("delta"))
        try #require(!delta.leftOut.isEmpty)
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(base)
            let outcome = try await containerd.importAll(delta)
            #expect(outcome.bytesWritten > 0 && outcome.layersUnpacked == 4)
            #expect(outcome.layersUnpackedByContainerd == 0)
            #expect(try await containerd.inventory(delta).isSound)
            #expect(try await containerd.job(delta).plan().isEmpty)
            #expect(try await containerd.leftovers().isEmpty)
            #expect(
                try await containerd.ctr(["run", "--rm", Samples.web, "delta-1", "/bin/busybox", "echo", "hello"])
                    == "hello\n")
        }
    }

    @Test(arguments: PrivateContainerd.releases.prefix(1))
    func leavesUnpackingOfWhatItHasNotToContainerd(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let (old, new) = try Self.bundles()
        let base = try old.write(to: folder.file("base"))
        let delta = try new.write(to: folder.file("delta"))
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(base, unpacks: false)
            let told = Told()
            let outcome = try await containerd.job(delta).run(progress: told.take)
            #expect(outcome.layersUnpacked == 7 && outcome.layersUnpackedByContainerd == 3)
            let reasons = delta.leftOut.blobs.keys.map { "\($0): the bundle leaves its bytes to the delta's base" }
            #expect(Set(told.reasons) == Set(reasons) && told.reasons.count == 3)
            #expect(try await containerd.inventory(delta).isSound)
        }
    }

    @Test(arguments: PrivateContainerd.releases.prefix(1))
    func saysWhatIsMissingAndChangesNothing(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let (old, new) = try Self.bundles()
        let base = try old.write(to: folder.file("base"))
        let delta = try new.write(to: folder.file("delta"))
        try await PrivateContainerd.with(release) { containerd in
            let fresh = await #expect(throws: NodeImagesError.self) { try await containerd.importAll(delta) }
            let said = fresh?.description ?? ""
            #expect(said.contains("a delta on top of sample 1.0.0"), "\(said)")
            for name in [Samples.app, Samples.db, Samples.web] { #expect(said.contains("\n  \(name)"), "\(said)") }
            #expect(try await containerd.lines(["content", "ls", "-q"]) == [])
            #expect(try await containerd.lines(["images", "ls", "-q"]) == [])

            try await containerd.importAll(base)
            // The image that did not change goes, and with it the layers that only it had.
            for image in try await containerd.lines(["images", "ls", "-q"]) where image.contains("team/db") {
                try await containerd.ctr(["images", "rm", "--sync", image])
            }
            let lost = await #expect(throws: NodeImagesError.self) { _ = try await containerd.job(delta).plan() }
            guard case .baseMissing(_, let blobs, _, let images) = lost else {
                Issue.record("\(String(describing: lost))")
                return
            }
            #expect(blobs == 2 && images == [Samples.db])
            #expect(try await !containerd.lines(["images", "ls", "-q"]).contains { $0.contains("team/db") })
            try await containerd.importAll(base)
            try await containerd.importAll(delta)
            #expect(try await containerd.inventory(delta).isSound)
        }
    }

    @Test(arguments: PrivateContainerd.releases.prefix(1))
    func isBuiltUponWhatANodeTells(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let base = try Samples.bundle().write(to: folder.file("base"))
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(base)
            let kept = try await KeptContent.read(of: base.label, on: containerd.options)
            let wanted = WantedImage.all(of: base, for: .linuxAMD64).flatMap(\.content)
            #expect(kept.blobs == Dictionary(wanted.map { ($0.digest, $0.size) }) { first, _ in first })
            #expect(try await KeptContent.read(of: "another-1.0.0", on: containerd.options).blobs.isEmpty)
        }
    }
}
