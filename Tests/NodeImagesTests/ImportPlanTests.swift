import FoundationEssentials
import NodeImages
import OCI
import TestSupport
import Testing

/// The pure part: what is wanted, compared with what is there.
@Suite struct ImportPlanTests {
    private let references = ["docker.io/library/app:1.0", "registry.example/team/db:2", "registry.example/web:3"]

    private func images(
        platforms: [Platform] = [.linuxAMD64], node: Platform = .linuxAMD64
    ) throws -> (bundle: NodeBundle, wanted: [WantedImage]) {
        let folder = TemporaryDirectory()
        let bundle = NodeBundle(
            [
                .init(reference: references[0], image: try TestImage(platforms: [.linuxAMD64, .linuxARM64], seed: 1)),
                .init(reference: references[1], image: try TestImage(format: .docker, layers: [2000, 9000], seed: 2)),
                .init(reference: references[2], image: try TestImage(layers: [2000, 700, 4000], seed: 3)),
            ], platforms: platforms)
        return (bundle, WantedImage.all(of: try bundle.write(to: folder.file("b.tar.zst")), for: node))
    }

    private func plan(_ wanted: [WantedImage], on node: NodeState, unpack: Bool = true) -> ImportPlan {
        ImportPlan(for: wanted, on: node, bundle: "sample-1.0.0", snapshotter: unpack ? "overlayfs" : nil)
    }

    /// What a containerd has after everything that `plan` says.
    private func outcome(of plan: ImportPlan, for wanted: [WantedImage], on node: NodeState = NodeState()) -> NodeState
    {
        var node = node
        var labels: [Digest: [String: String]] = [:]
        for document in wanted.flatMap(\.documents) {
            labels[document.descriptor.digest] = Dictionary(
                document.children.map { ($0.label, $0.target.description) }, uniquingKeysWith: { first, _ in first })
        }
        for descriptor in plan.layers + plan.documents {
            node.contents[descriptor.digest] = .init(
                size: descriptor.size, labels: labels[descriptor.digest] ?? [:])
        }
        for labelling in plan.labellings {
            node.contents[labelling.digest]?.labels.merge(labelling.labels) { $1 }
        }
        for naming in plan.namings {
            let known = node.images[naming.name]?.labels ?? [:]
            node.images[naming.name] = .init(target: naming.target, labels: known.merging(naming.labels) { $1 })
        }
        for unpacking in plan.unpackings { node.snapshots.insert(unpacking.chain.description) }
        for holding in plan.holdings {
            node.contents[holding.config]?.labels["containerd.io/gc.ref.snapshot.overlayfs"] = holding.chain.description
        }
        return node
    }

    private func whole(_ wanted: [WantedImage]) -> NodeState { outcome(of: plan(wanted, on: NodeState()), for: wanted) }

    private func inventory(_ wanted: [WantedImage], _ node: NodeState, unpacked: Bool = true) -> Inventory {
        Inventory(of: wanted, on: node, bundle: "sample-1.0.0", snapshotter: "overlayfs", expectsUnpacked: unpacked)
    }

    @Test func takesOnlyTheNodesPlatform() throws {
        let (bundle, both) = try images(platforms: [.linuxAMD64, .linuxARM64])
        let app = try bundle.image(references[0])
        let wanted = try #require(both.first { $0.references == [references[0]] })
        #expect(wanted.root == app.root)
        #expect(wanted.documents.map(\.descriptor.digest).contains(app.manifests[0].descriptor.digest))
        #expect(!wanted.documents.map(\.descriptor.digest).contains(app.manifests[1].descriptor.digest))
        #expect(
            wanted.documents.last?.children.map { "\($0.label) \($0.target)" }
                == ["containerd.io/gc.ref.content.m.0 \(app.manifests[0].descriptor.digest)"])
        #expect(wanted.chains.count == 1)
    }

    @Test func keepsAnImageThatIsNotForTheNode() throws {
        let (_, wanted) = try images(platforms: [.linuxAMD64, .linuxARM64], node: .linuxARM64)
        let other = try #require(wanted.first { $0.references == [references[1]] })
        #expect(other.chains.isEmpty)
        #expect(!other.layers.isEmpty)
        #expect(inventory(wanted, whole(wanted)).images.map(\.unpacked) == [.yes, .notApplicable, .notApplicable])
    }

    @Test func plansEverythingOnceForAnEmptyNode() throws {
        let (bundle, wanted) = try images()
        let plan = plan(wanted, on: NodeState())
        // The first layer is the same in all three.
        #expect(plan.layers.count == 1 + 1 + 1 + 2)
        #expect(Set(plan.layers).count == plan.layers.count)
        #expect(plan.documents.count == 3 + 2 + 2)
        #expect(plan.namings.count == 6)
        #expect(plan.unpackings.count == plan.layers.count)
        #expect(plan.holdings.count == 3)
        #expect(plan.labellings.isEmpty)
        #expect(plan.bytesThere == 0)
        #expect(plan.bytesToWrite == (plan.layers + plan.documents).reduce(0) { $0 + $1.size })
        #expect(bundle.images.count == 3)
        let again = self.plan(wanted, on: whole(wanted))
        #expect(again.isEmpty)
        #expect(again.bytesThere == plan.bytesToWrite)
    }

    @Test func healsOnlyWhatIsWrong() throws {
        let (bundle, wanted) = try images()
        let db = try bundle.image(references[1])
        let layer = try #require(db.manifests.first?.value.layers.last)
        var node = whole(wanted)
        node.contents[layer.digest] = nil
        #expect(plan(wanted, on: node).layers == [layer.bare])
        #expect(plan(wanted, on: node).documents.isEmpty)

        node = whole(wanted)
        node.contents[db.root.digest]?.labels = ["containerd.io/gc.ref.content.l.0": "sha256:something-else"]
        let labels = try #require(plan(wanted, on: node).labellings.first)
        #expect(labels.digest == db.root.digest)
        // The key that somebody else uses stays theirs.
        #expect(labels.labels["containerd.io/gc.ref.content.l.0"] == nil)
        #expect(labels.labels["containerd.io/gc.ref.content.l.1"] == layer.digest.description)
        #expect(labels.labels.count == 3)
        #expect(inventory(wanted, node).images[1].unheld.count == 3)

        node = whole(wanted)
        node.contents[db.manifests[0].value.config.digest]?.labels = [:]
        #expect(plan(wanted, on: node).holdings.map(\.config) == [db.manifests[0].value.config.digest])
        #expect(plan(wanted, on: node, unpack: false).isEmpty)
    }

    @Test func movesANameAndAdoptsAStrangers() throws {
        let (bundle, wanted) = try images()
        let other = try bundle.image(references[2]).root
        var node = whole(wanted)
        node.images[references[1]]?.target = other
        let moved = try #require(plan(wanted, on: node).namings.first)
        #expect(moved.movedFrom == other.digest)
        #expect(moved.labels["sealift/bundle"] == "sample-1.0.0")

        node = whole(wanted)
        node.images[references[1]]?.labels = ["team": "ours"]
        let adopted = try #require(plan(wanted, on: node).namings.first)
        #expect(adopted.movedFrom == nil)
        #expect(adopted.labels["sealift/bundle"] == nil)
        #expect(adopted.labels["sealift/adopted-by"] == "sample-1.0.0")
        #expect(plan(wanted, on: outcome(of: plan(wanted, on: node), for: wanted, on: node)).isEmpty)
    }

    @Test(arguments: [false, true])
    func schedulesEveryStepAfterWhatItNeeds(stagesLayers: Bool) throws {
        let (_, wanted) = try images()
        var plan = plan(wanted, on: NodeState())
        // As of an earlier import: what is there is unpacked, too.
        plan.layers.removeLast()
        var schedule = ImportSchedule(plan, for: wanted, stagesLayers: stagesLayers)
        var staged: Set<Digest> = []
        var content: Set<Digest> = []
        var snapshots: Set<Digest> = []
        var steps = 0
        // Taken all at once and finished in the worst order: the last that was taken first.
        while !schedule.isFinished {
            var taken: [(ticket: Int, step: ImportSchedule.Step)] = []
            while let next = schedule.take() { taken.append(next) }
            try #require(!taken.isEmpty)
            for (_, step) in taken {
                steps += 1
                switch step {
                case .layer, .label, .stage: break
                case .document(let document):
                    let children = wanted.flatMap(\.documents).first { $0.descriptor == document }?.children ?? []
                    #expect(
                        children.allSatisfy { child in
                            content.contains(child.target)
                                || !(plan.layers + plan.documents).contains { $0.digest == child.target }
                        })
                case .name(let naming):
                    let image = try #require(wanted.first { $0.root == naming.target })
                    #expect(image.content.allSatisfy { content.contains($0.digest) || !plan.writes($0) })
                case .unpack(let unpacking):
                    #expect(content.contains(unpacking.layer.digest) || !plan.writes(unpacking.layer))
                    #expect(staged.contains(unpacking.chain) == stagesLayers)
                    #expect(unpacking.parent.map { snapshots.contains($0) } ?? true)
                case .hold(let holding):
                    #expect(content.contains(holding.config) && snapshots.contains(holding.chain))
                }
            }
            for (ticket, step) in taken.reversed() {
                if case .layer(let layer, let unpacking) = step {
                    content.insert(layer.digest)
                    if let unpacking { staged.insert(unpacking.chain) }
                }
                if case .stage(let unpacking) = step { staged.insert(unpacking.chain) }
                if case .document(let document) = step { content.insert(document.digest) }
                if case .unpack(let unpacking) = step { snapshots.insert(unpacking.chain) }
                schedule.finish(ticket)
            }
        }
        #expect(staged.count == (stagesLayers ? plan.unpackings.count : 0))
        let ownStages = stagesLayers ? plan.unpackings.count - plan.layers.count : 0
        #expect(
            steps == ownStages + plan.layers.count + plan.documents.count + plan.namings.count + plan.unpackings.count
                + plan.holdings.count)
    }

    @Test func startsWithTheLongestChain() throws {
        let (bundle, wanted) = try images()
        var schedule = ImportSchedule(plan(wanted, on: NodeState()), for: wanted)
        // All three chains wait for the shared first layer, although it is small.
        let base = try bundle.image(references[0]).manifests[0].value.layers[0].bare
        #expect(schedule.take()?.step == .layer(base, staging: nil))
    }

    @Test(
        arguments: [
            ("app:1.0", ["docker.io/library/app:1.0"]),
            ("docker.io/app:1.0", ["docker.io/library/app:1.0"]),
            ("index.docker.io/library/app:1.0", ["docker.io/library/app:1.0"]),
            ("app", []), ("app:latest", []), ("app:1", []), ("app:1.0.0", []), ("db:2", []),
            ("registry.example/team/db:2", ["registry.example/team/db:2"]),
            ("registry.example/team/db", []), ("registry.example/team/d:2", []),
        ])
    func answersForOneNameInAnySpelling(_ pattern: String, _ expected: [String]) throws {
        let (_, wanted) = try images()
        let answer = try inventory(wanted, whole(wanted)).query(pattern)
        #expect(answer.images.flatMap(\.names).map(\.name) == expected)
        #expect(answer.isSound)
    }

    @Test func isCountedByTheBundlesReferences() throws {
        let folder = TemporaryDirectory()
        let image = try TestImage(seed: 1)
        // One image that is known by three, as the bundle's own listing counts.
        let names = ["docker.io/library/app:1.0", "docker.io/library/app:latest", "registry.example/app:1.0"]
        let bundle = NodeBundle(names.map { .init(reference: $0, image: image) })
        let wanted = WantedImage.all(of: try bundle.write(to: folder.file("b.tar.zst")), for: .linuxAMD64)
        #expect(wanted.map(\.references) == [names])
        #expect(wanted.first?.names.count == 3 + 2)
        var node = whole(wanted)
        node.images[names[1]] = nil
        let inventory = inventory(wanted, node)
        #expect(inventory.images.map(\.reference) == names)
        #expect(inventory.images.map { inventory.isSound($0) } == [true, false, true])
        #expect(inventory.images.allSatisfy { $0.names.count == 2 })
        #expect(try inventory.query("app:1.0").images.map(\.reference) == [names[0]])
        let digested = try inventory.query("app@\(image.root.digest)")
        #expect(digested.images.map(\.reference) == names.dropLast())
        #expect(digested.isSound)
    }

    @Test func tellsProgramsTheVerdicts() throws {
        struct Read: Decodable, Equatable {
            struct Image: Decodable, Equatable {
                var reference: String
                var digest: String
                var isSound: Bool
                var faults: [String]
                var unpacked: String
            }
            var bundle: String
            var isSound: Bool
            var expectsUnpacked: Bool
            var images: [Image]
        }
        let (_, wanted) = try images()
        var node = whole(wanted)
        node.images[references[1]]?.labels["io.cri-containerd.pinned"] = nil
        let read = try JSONDecoder().decode(Read.self, from: JSONEncoder().encode(inventory(wanted, node)))
        let faults = [[], ["\(references[1]): not pinned, kubelet may delete it"], []]
        let expected = zip(wanted, zip(references, faults)).map { wanted, told in
            Read.Image(
                reference: told.0, digest: wanted.root.digest.description, isSound: told.1.isEmpty, faults: told.1,
                unpacked: "yes")
        }
        #expect(read == Read(bundle: "sample-1.0.0", isSound: false, expectsUnpacked: true, images: expected))
    }

    @Test func answersForADigest() throws {
        let (bundle, wanted) = try images()
        let digest = try bundle.image(references[0]).root.digest
        let inventory = inventory(wanted, whole(wanted))
        for pattern in ["app@\(digest)", "docker.io/library/app:anything@\(digest)"] {
            #expect(try inventory.query(pattern).images.map(\.digest) == [digest])
        }
        #expect(throws: Malformed.self) { try inventory.query("https://app:1.0") }
    }
}

extension ImportPlan {
    fileprivate func writes(_ layer: Descriptor) -> Bool { layers.contains(layer) }
}
