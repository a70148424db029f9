import Containerd
import FoundationEssentials
import OCI
import TestSupport
import Testing

@Suite(.enabled(if: ContainerdDaemon.isUsable, containerdNeed))
struct ServiceTests {
    @Test(arguments: ContainerdDaemon.programs)
    func imagesComeChangeAndGo(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let (one, _) = try connection.write(seededBytes(100, seed: 1), reference: "one")
            let (two, _) = try connection.write(seededBytes(100, seed: 2), reference: "two")
            #expect(try connection.image("example.com/a:1") == nil)
            var image = ImageRecord(name: "example.com/a:1", labels: ["kept": "yes"], target: one)
            try connection.put(image)
            #expect(try connection.image(image.name) == image)
            try connection.put(ImageRecord(name: image.name, labels: ["added": "yes"], target: two))
            image.labels["added"] = "yes"
            image.target = two
            #expect(try connection.image(image.name) == image)
            #expect(try connection.images() == [image])
            #expect(try connection.images(filters: ["name==example.com/b:1"]).isEmpty)
            try connection.deleteImage(image.name, synchronously: true)
            #expect(try connection.images().isEmpty)
            let error = #expect(throws: ContainerdError.self) {
                try connection.deleteImage(image.name, synchronously: false)
            }
            #expect(error?.kind == .notFound)
            // Nothing holds them any more, and the deletion has waited for the collection.
            #expect(try connection.contents().isEmpty)
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func aRequestOfMoreThan16MiBIsRefused(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let error = #expect(throws: ContainerdError.self) {
                try connection.createLease("large", labels: ["label": String(repeating: "x", count: 17 << 20)])
            }
            #expect(error?.kind == .tooLarge)
            #expect(try connection.leases().isEmpty)
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func aLeaseKeepsContent(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            try connection.createLease("held", labels: ["sealift.test": "1"])
            #expect(try connection.leases().map(\.id) == ["held"])
            #expect(try connection.leases().first?.labels["sealift.test"] == "1")
            let error = #expect(throws: ContainerdError.self) { try connection.createLease("held") }
            #expect(error?.kind == .alreadyExists)

            connection.lease = "held"
            let (kept, _) = try connection.write(seededBytes(100, seed: 1), reference: "kept")
            connection.lease = nil
            let (found, _) = try connection.write(seededBytes(100, seed: 2), reference: "found")
            let (added, _) = try connection.write(seededBytes(100, seed: 3), reference: "added")
            _ = try connection.write(seededBytes(100, seed: 4), reference: "lost")
            connection.lease = "held"
            #expect(try connection.write(seededBytes(100, seed: 2), reference: "again").1 == .alreadyThere)
            connection.lease = nil
            try connection.addToLease("held", resource: (id: added.digest.description, type: "content"))

            try Self.collect(connection)
            #expect(Set(try connection.contents().map(\.digest)) == [kept.digest, found.digest, added.digest])
            try connection.deleteLease("held", synchronously: true)
            #expect(try connection.leases().isEmpty)
            #expect(try connection.contents().isEmpty)
        }
    }

    /// Makes containerd collect its garbage, and waits for it.
    private static func collect(_ connection: ContainerdConnection) throws {
        try connection.createLease("collect")
        try connection.deleteLease("collect", synchronously: true)
    }

    @Test(arguments: ContainerdDaemon.programs)
    func layersBecomeSnapshots(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let image = try TestImage(layers: [2000])
            let layer = image.largestLayer
            try connection.createLease("unpack")
            connection.lease = "unpack"
            _ = try connection.write(image.bytes(of: layer), reference: "layer")
            let snapshotter = "overlayfs"
            let mounts = try connection.prepare(
                key: "extract", parent: nil, snapshotter: snapshotter, labels: ["containerd.io/gc.root": "now"])
            #expect(try connection.mounts(key: "extract", snapshotter: snapshotter) == mounts)
            #expect(try connection.snapshot("extract", snapshotter: snapshotter)?.kind == .active)
            let applied = try connection.apply(layer, to: mounts)
            let config = try JSONDecoder().decode(
                ImageConfig.self, from: Data(image.bytes(of: image.manifests[0].value.config)))
            #expect([applied.digest] == config.rootfs.diffIDs)
            try connection.commitSnapshot(
                name: "layer", key: "extract", snapshotter: snapshotter, labels: ["sealift.test": "1"])
            let found = try #require(try connection.snapshot("layer", snapshotter: snapshotter))
            #expect(found.kind == .committed)
            #expect(found.labels["sealift.test"] == "1")
            #expect(try connection.snapshot("extract", snapshotter: snapshotter) == nil)
            _ = try connection.prepare(key: "child", parent: "layer", snapshotter: snapshotter)
            #expect(try connection.snapshot("child", snapshotter: snapshotter)?.parent == "layer")
            #expect(Set(try connection.snapshots(snapshotter: snapshotter).map(\.name)) == ["layer", "child"])
            try connection.removeSnapshot("child", snapshotter: snapshotter)
            try connection.removeSnapshot("layer", snapshotter: snapshotter)
            #expect(try connection.snapshots(snapshotter: snapshotter).isEmpty)
        }
    }
}
