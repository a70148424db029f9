import BundleFormat
import ImageLayout
import NodeImages
import OCI
import SystemPackage
import TestSupport
import Testing

/// Importing into real containerds.
@Suite(.serialized, .enabled(if: PrivateContainerd.isUsable, PrivateContainerd.reason))
struct ImportTests {
    @Test(arguments: PrivateContainerd.releases)
    func importsImagesThatRunAndStay(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release, cri: true) { containerd in
            let plan = try await containerd.job(bundle).plan()
            let outcome = try await containerd.importAll(bundle)
            #expect(outcome.bytesWritten == plan.bytesToWrite)
            #expect(outcome.blobsWritten == plan.layers.count + plan.documents.count)
            #expect(outcome.namesMade == 6)
            #expect(outcome.layersUnpacked == 1 + 3 * 2)
            #expect(outcome.layersUnpackedByContainerd == 0)
            #expect(try await containerd.inventory(bundle).isSound)
            #expect(try await containerd.incompleteNames().isEmpty)
            #expect(try await containerd.leftovers().isEmpty)

            for name in [Samples.app, Samples.db] {
                let said = try await containerd.ctr(
                    ["run", "--rm", name, "sealift-test-\(folder.path.stem ?? "")", "/bin/busybox", "echo", "hello"])
                #expect(said == "hello\n")
            }
            // Nothing but the names holds the images now.
            try await containerd.ctr(["leases", "create", "--id", "unrelated"])
            try await containerd.ctr(["leases", "delete", "--sync", "unrelated"])
            #expect(try await containerd.faults(bundle) == [])

            #expect(try await containerd.job(bundle).plan().isEmpty)
            #expect(try await containerd.importAll(bundle) == ImageImport.Outcome())
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func unpacksLaterWhatWasImportedPacked(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            #expect(try await containerd.importAll(bundle, unpacks: false).layersUnpacked == 0)
            let inventory = try await containerd.inventory(bundle)
            #expect(!inventory.isSound)
            #expect(inventory.images.allSatisfy { $0.isComplete && $0.unpacked == .no })
            #expect(try await containerd.importAll(bundle, unpacks: false) == ImageImport.Outcome())
            let outcome = try await containerd.importAll(bundle)
            #expect(outcome.bytesWritten == 0)
            #expect(outcome.layersUnpacked == 7)
            #expect(outcome.layersUnpackedByContainerd == 0)
            #expect(try await containerd.inventory(bundle).isSound)
            #expect(try await containerd.leftovers().isEmpty)
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func leavesUnpackingToContainerdWhenAsked(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            let told = Told()
            let outcome = try await containerd.job(bundle, unpacker: .containerd).run(progress: told.take)
            #expect(told.reasons == [], "who asks for something need not be told why")
            #expect(outcome.layersUnpacked == 7)
            #expect(outcome.layersUnpackedByContainerd == 7)
            #expect(try await containerd.inventory(bundle).isSound)
        }
    }

    @Test(arguments: PrivateContainerd.releases.prefix(1))
    func tellsWhyContainerdUnpacksEverything(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            let told = Told()
            let node = NodeOptions(socket: containerd.socket, snapshotter: "native", platform: .linuxAMD64)
            let job = ImageImport(bundle, .init(node: node, workers: 3))
            let outcome = try await job.run(progress: told.take)
            #expect(outcome.layersUnpacked == 7 && outcome.layersUnpackedByContainerd == 7)
            #expect(told.reasons == ["all: the snapshotter is native and not overlayfs"])
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func namesAndHealsWhateverIsWrong(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let sample = try Samples.bundle()
        let bundle = try sample.write(to: folder.file("b.tar.zst"))
        let db = try sample.image(Samples.db)
        let layer = try #require(db.manifests.first?.value.layers.last)
        let web = try sample.image(Samples.web).root.digest
        let damages: [(commands: [[String]], fault: String)] = [
            ([["images", "rm", "--sync", Samples.db]], "\(Samples.db): no such name in containerd"),
            (
                [["images", "label", Samples.db, "io.cri-containerd.pinned="]],
                "\(Samples.db): not pinned, kubelet may delete it"
            ),
            (
                [["images", "label", Samples.db, "io.cri-containerd.image="]],
                "\(Samples.db): Kubernetes doesn't see it"
            ),
            (
                [["content", "rm", layer.digest.description]],
                "layer \(layer.digest) of \(layer.size) bytes is missing"
            ),
            (
                [["content", "label", db.root.digest.description, "containerd.io/gc.ref.content.l.2="]],
                "layer \(layer.digest): nothing holds it, containerd's garbage collection may take it"
            ),
            (
                [
                    [
                        "content", "label", db.manifests[0].value.config.digest.description,
                        "containerd.io/gc.ref.snapshot.overlayfs=",
                    ]
                ], "the image's config doesn't hold its snapshots"
            ),
            (
                [
                    ["images", "tag", "--force", Samples.web, Samples.db],
                    // Some versions of ctr copy labels, some don't.
                    ["images", "label", Samples.db, "io.cri-containerd.image=managed"],
                    ["images", "label", Samples.db, "io.cri-containerd.pinned=pinned"],
                ], "\(Samples.db): points to \(web), not to \(db.root.digest)"
            ),
        ]
        // Where nothing holds a layer or a snapshot, it would be gone before it is looked at, now and then.
        try await PrivateContainerd.with(release, collects: false) { containerd in
            try await containerd.importAll(bundle)
            for (commands, fault) in damages {
                for command in commands { try await containerd.ctr(command) }
                let inventory = try await containerd.inventory(bundle)
                #expect(inventory.images.filter { !inventory.isSound($0) }.map(\.reference) == [Samples.db])
                let faults = inventory.images.flatMap { inventory.faults(of: $0) }
                // What nothing holds containerd may have collected by now; then it is told as missing.
                let isCollected = fault.contains("hold") && faults.allSatisfy { $0.contains("is missing") }
                #expect(faults == [fault] || (isCollected && !faults.isEmpty))
                try await containerd.importAll(bundle)
                #expect(try await containerd.faults(bundle) == [], "after \(commands)")
            }
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func unpacksAgainWhatWasRemoved(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        let wanted = WantedImage.all(of: bundle, for: .linuxAMD64)
        let db = try #require(wanted.first { $0.references == [Samples.db] }?.chains.first)
        let top = try #require(db.links.last?.id)
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(bundle)
            try await containerd.ctr(["snapshots", "rm", top.description])
            let inventory = try await containerd.inventory(bundle)
            let unsound = inventory.images.filter { !inventory.isSound($0) }
            #expect(unsound.map(\.reference) == [Samples.db])
            // containerd may already have collected what was below, but never what other images stand on.
            let missing = try #require(unsound.first?.missingSnapshots)
            #expect(missing.contains(top) && Set(missing).isSubset(of: db.links.dropFirst().map(\.id)))
            #expect(unsound.first?.isComplete == true)
            let outcome = try await containerd.importAll(bundle)
            #expect(outcome.bytesWritten == 0 && (1...2).contains(outcome.layersUnpacked))
            #expect(try await containerd.faults(bundle) == [])
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func takesABlobOfMoreThan200MB(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let image = try TestImage(layers: [2000, 210_000_000], isPlain: true)
        let bundle = try NodeBundle([.init(reference: Samples.app, image: image)]).write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            let outcome = try await containerd.importAll(bundle)
            #expect(outcome.bytesWritten > 210_000_000)
            #expect(try await containerd.faults(bundle) == [])
        }
    }

    @Test func refusesToRunBesideAnotherImport() async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(PrivateContainerd.releases[0]) { containerd in
            let other = try ImportLock(for: containerd.socket)
            let error = await #expect(throws: NodeImagesError.self) { try await containerd.importAll(bundle) }
            #expect(error?.description.contains("another import into the containerd at \(containerd.socket)") == true)
            withExtendedLifetime(other) {}
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func namesTheImageOfABlobThatDiffers(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        var sample = try Samples.bundle()
        let layer = try #require(try sample.image(Samples.web).manifests.first?.value.layers.last)
        sample.replacing[layer.digest] = [UInt8](repeating: 0x7F, count: Int(layer.size))
        let damaged = try sample.write(to: folder.file("bad.tar.zst"))
        sample.replacing = [:]
        let whole = try sample.write(to: folder.file("good.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            let error = await #expect(throws: NodeImagesError.self) { try await containerd.importAll(damaged) }
            let text = error?.description ?? ""
            #expect(text.contains("blob \(layer.digest) does not match its digest, needed by \(Samples.web)"))
            #expect(try await !containerd.lines(["images", "ls", "-q"]).contains(Samples.web))
            #expect(try await containerd.incompleteNames().isEmpty)
            // Of what the damaged archive gave, only what is right was kept.
            try await containerd.importAll(whole)
            #expect(try await containerd.faults(whole) == [])
            #expect(try await containerd.leftovers().isEmpty)
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func namesTheImageOfADamagedPlace(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("b.tar.zst")
        _ = try Samples.bundle(bytes: 600_000, isPlain: false).write(to: path)
        var archive = try contents(of: path)
        archive[archive.count / 2] ^= 1
        try write(archive, to: path)
        let bundle = try BundleReader(opening: path)
        try await PrivateContainerd.with(release) { containerd in
            let told = Told()
            let error = await #expect(throws: NodeImagesError.self) {
                try await containerd.job(bundle).run(progress: told.take)
            }
            #expect(told.reasons == [], "nobody unpacks what can't be read")
            guard case .unreadable(let blob, let images, _) = error else {
                Issue.record("not refused as unreadable: \(error.map { "\($0)" } ?? "no error")")
                return
            }
            #expect(bundle.graph.layers[blob] != nil)
            let names = try await containerd.lines(["images", "ls", "-q"])
            #expect(!images.isEmpty && Set(images).isDisjoint(with: names))
            #expect(try await containerd.incompleteNames().isEmpty)
        }
    }
}
