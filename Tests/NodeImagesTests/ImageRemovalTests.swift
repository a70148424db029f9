import NodeImages
import OCI
import SystemPackage
import TestSupport
import Testing

/// Taking away what imports put there, and nothing else.
@Suite(.serialized, .enabled(if: PrivateContainerd.isUsable, PrivateContainerd.reason))
struct ImageRemovalTests {
    @Test(arguments: PrivateContainerd.releases)
    func removesOnlyWhatTheBundleBrought(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let old = try Samples.bundle(seed: 1)
        // The newer bundle has the same web, another app and no db.
        let other = try Samples.bundle(seed: 2)
        let new = NodeBundle(
            [
                .init(reference: Samples.app, image: try other.image(Samples.app)),
                .init(reference: Samples.web, image: try old.image(Samples.web)),
            ], version: "2.0.0")
        let oldFile = try old.write(to: folder.file("old.tar.zst"))
        let newFile = try new.write(to: folder.file("new.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(oldFile)
            try await containerd.ctr(["images", "tag", Samples.db, "docker.io/somebody/own:1"])
            #expect(try await containerd.importAll(newFile).namesMoved == 1)

            let removal = try await ImageRemoval.plan(of: "sample-1.0.0", on: containerd.options)
            let gone = try old.images.flatMap { try NodeBundle.names($0) }.filter {
                $0 != Samples.app && !$0.hasPrefix("registry.example/web")
            }
            #expect(removal.items.map(\.name) == gone.sorted())
            #expect(removal.items.allSatisfy { $0.change == .delete })
            try await removal.run(on: containerd.options) { _ in }
            #expect(try await containerd.faults(newFile) == [])
            // The old app's own layers have been collected; the db's are held by somebody else's name.
            let digests = try await containerd.lines(["content", "ls", "-q"])
            let app = try #require(try old.image(Samples.app).manifests.first?.value.layers.last)
            let db = try #require(try old.image(Samples.db).manifests.first?.value.layers.last)
            #expect(!digests.contains(app.digest.description))
            #expect(digests.contains(db.digest.description))
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func leavesEverythingElseAsItWas(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        // Its base layer is the bundle's, too.
        var theirs = NodeBundle([
            .init(reference: "registry.example/theirs:1", image: try Samples.bundle(seed: 2).image(Samples.db))
        ])
        theirs.name = "theirs"
        let theirFile = try theirs.write(to: folder.file("theirs.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(theirFile)
            try await containerd.ctr(["images", "label", "registry.example/theirs:1", "team=ours"])
            try await containerd.ctr(["leases", "create", "--id", "theirs", "team=ours"])
            try await containerd.ctr(["namespaces", "create", "theirs"])
            let listings = [
                ["images", "ls"], ["leases", "ls"], ["namespaces", "ls"], ["content", "ls", "-q"], ["snapshots", "ls"],
            ]
            var before: [Set<String>] = []
            for listing in listings { before.append(Set(try await containerd.lines(listing))) }

            try await containerd.importAll(bundle)
            for (listing, before) in zip(listings, before).dropFirst() {
                #expect(before.isSubset(of: try await containerd.lines(listing)), "\(listing)")
            }
            let removal = try await ImageRemoval.plan(of: bundle.label, on: containerd.options)
            try await removal.run(on: containerd.options) { _ in }
            #expect(try await containerd.faults(theirFile) == [])
            for (listing, before) in zip(listings, before) {
                #expect(Set(try await containerd.lines(listing)) == before, "\(listing)")
            }
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func onlyUnpinsWhatWasThereBefore(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            try await containerd.importAll(bundle)
            try await containerd.ctr(["images", "label", Samples.db, "sealift/bundle=", "io.cri-containerd.pinned="])
            try await containerd.importAll(bundle)
            #expect(try await containerd.faults(bundle) == [])
            let removal = try await ImageRemoval.plan(of: "sample-1.0.0", on: containerd.options)
            #expect(removal.items.filter { $0.change == .unpin }.map(\.name) == [Samples.db])
            #expect(removal.items.count == 6)
            try await removal.run(on: containerd.options) { _ in }
            #expect(try await containerd.lines(["images", "ls", "-q"]) == [Samples.db])
            let listing = try await containerd.ctr(["images", "ls", "name==\(Samples.db)"])
            #expect(!listing.contains("pinned") && !listing.contains("sealift/"))
            #expect(try await containerd.incompleteNames() == [])
        }
    }
}
