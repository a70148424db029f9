package import OCI

/// The steps of an import, what each waits for, and which of those that can start is worth most.
///
/// A value without threads: workers take steps and report them done.
package struct ImportSchedule: Sendable {
    /// One thing to do.
    package enum Step: Hashable, Sendable {
        /// Write a layer's content; where it is unpacked here, in the same pass.
        case layer(Descriptor, staging: ImportPlan.Unpacking?)
        case document(Descriptor)
        case label(ImportPlan.Labelling)
        case name(ImportPlan.Naming)
        /// Unpack a layer whose content is there, whatever is below it.
        case stage(ImportPlan.Unpacking)
        case unpack(ImportPlan.Unpacking)
        case hold(ImportPlan.Holding)
    }

    /// What a step brings about and others wait for.
    private enum Result: Hashable {
        case content(Digest)
        case stage(Digest)
        case snapshot(Digest)
    }

    private struct Node {
        var step: Step
        var waitsFor: Int
        var dependents: [Int] = []
        /// The cost of the longest path from here to the end.
        var priority: Int64
    }

    private var nodes: [Node] = []
    private var ready: [Int] = []
    private var unfinished = 0

    /// Puts the steps of `plan` in order; `images` are those that it was made for.
    ///
    /// With `stagesLayers` layers are unpacked here, before what is below them is there; those that are `isLeftOut` of the
    /// archive never are.
    package init(
        _ plan: ImportPlan, for images: [WantedImage], stagesLayers: Bool = false,
        isLeftOut: (Digest) -> Bool = { _ in false }
    ) {
        let documents = Dictionary(
            images.flatMap(\.documents).map { ($0.descriptor.digest, $0) }, uniquingKeysWith: { first, _ in first })
        let contents = Dictionary(
            images.map { ($0.root.digest, $0.content) }, uniquingKeysWith: { first, _ in first })
        var providers: [Result: Int] = [:]
        var needs: [[Result]] = []
        func children(_ digest: Digest) -> [Result] {
            (documents[digest]?.children ?? []).map { .content($0.target) }
        }
        // Every step stands behind those that it needs.
        func add(_ step: Step, needs wanted: [Result], provides: Result? = nil) {
            if let provides { providers[provides] = nodes.count }
            nodes.append(Node(step: step, waitsFor: 0, priority: Self.cost(step, stagesLayers: stagesLayers)))
            needs.append(wanted)
        }
        var staged: [Digest: ImportPlan.Unpacking] = [:]
        if stagesLayers {
            // A layer that lies on different ones is unpacked once for each.
            staged = Dictionary(plan.unpackings.map { ($0.layer.digest, $0) }, uniquingKeysWith: { first, _ in first })
        }
        var stagedWithContent: Set<Digest> = []
        for layer in plan.layers {
            let unpacking = staged[layer.digest]
            if let unpacking { stagedWithContent.insert(unpacking.chain) }
            add(.layer(layer, staging: unpacking), needs: [], provides: .content(layer.digest))
        }
        if stagesLayers {
            for unpacking in plan.unpackings where !stagedWithContent.contains(unpacking.chain) {
                guard !isLeftOut(unpacking.layer.digest) else { continue }
                add(.stage(unpacking), needs: [], provides: .stage(unpacking.chain))
            }
        }
        // A document that is to be labelled may be the child of one that is to be written, and the other way round.
        let written = Dictionary(plan.documents.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        let labelled = Dictionary(plan.labellings.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<Digest> = []
        for digest in images.flatMap(\.documents).map(\.descriptor.digest) where seen.insert(digest).inserted {
            if let document = written[digest] {
                add(.document(document), needs: children(digest), provides: .content(digest))
            } else if let labelling = labelled[digest] {
                add(.label(labelling), needs: children(digest), provides: .content(digest))
            }
        }
        for naming in plan.namings {
            let wanted = contents[naming.target.digest] ?? []
            add(.name(naming), needs: wanted.map { .content($0.digest) })
        }
        for unpacking in plan.unpackings {
            let parent = unpacking.parent.map { [Result.snapshot($0)] } ?? []
            add(
                .unpack(unpacking), needs: [.content(unpacking.layer.digest), .stage(unpacking.chain)] + parent,
                provides: .snapshot(unpacking.chain))
        }
        for holding in plan.holdings {
            add(.hold(holding), needs: [.content(holding.config), .snapshot(holding.chain)])
        }
        connect(needs.map { $0.compactMap { providers[$0] } })
    }

    private mutating func connect(_ needs: [[Int]]) {
        for (index, providers) in needs.enumerated() {
            let distinct = Set(providers)
            nodes[index].waitsFor = distinct.count
            for provider in distinct { nodes[provider].dependents.append(index) }
        }
        for index in nodes.indices.reversed() {
            let behind = nodes[index].dependents.map { nodes[$0].priority }.max() ?? 0
            nodes[index].priority += behind
        }
        unfinished = nodes.count
        ready = nodes.indices.filter { nodes[$0].waitsFor == 0 }
    }

    /// How long a step takes, in bytes that could be written meanwhile.
    ///
    /// Unpacking a gzip layer costs containerd 1.6 three times what taking it in costs; every step has a transaction.
    private static func cost(_ step: Step, stagesLayers: Bool) -> Int64 {
        switch step {
        case .layer(let layer, nil): layer.size + transaction
        case .layer(let layer, .some): layer.size * 4 + transaction
        // What is left of it is to move a folder.
        case .unpack where stagesLayers: transaction
        case .stage(let unpacking), .unpack(let unpacking): unpacking.layer.size * 3 + transaction
        case .document, .label, .name, .hold: transaction
        }
    }

    private static let transaction: Int64 = 256 << 10

    package var isFinished: Bool { unfinished == 0 }
    /// Whether some step can start now.
    package var hasReady: Bool { !ready.isEmpty }

    /// Takes the step with the longest work behind it; `nil` while all wait for steps that others do.
    package mutating func take() -> (ticket: Int, step: Step)? {
        guard let place = ready.indices.max(by: { nodes[ready[$0]].priority < nodes[ready[$1]].priority }) else {
            return nil
        }
        let index = ready.remove(at: place)
        return (index, nodes[index].step)
    }

    /// Notes that a step that was taken is done; steps that waited for nothing else can start.
    package mutating func finish(_ ticket: Int) {
        unfinished -= 1
        for dependent in nodes[ticket].dependents {
            nodes[dependent].waitsFor -= 1
            if nodes[dependent].waitsFor == 0 { ready.append(dependent) }
        }
    }
}
