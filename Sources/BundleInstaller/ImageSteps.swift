internal import BundleFormat
internal import NodeImages
internal import OCI
internal import SystemPackage
internal import Threads

/// The steps that bring the bundle's images into containerd, and prove that they are there.
struct ImageSteps: Sendable {
    let context: InstallContext

    /// Imports what is missing. Performed at every run: it costs next to nothing when all is there.
    var importing: Step {
        Step("import", title: "import images", inputs: [context.bundleDigest], isRepeated: true) {
            try await bring(for: "import")
        }
    }

    private func bring(for step: String) async throws {
        let image = ImageImport(
            context.bundle,
            .init(
                node: context.node, unpacks: context.options.unpacks, unpacker: context.options.unpacker,
                workers: ImageImport.Options.workers(cores: context.options.workers)))
        let plan = try await image.plan()
        let total = plan.bytesToWrite
        let done = Counter()
        let images = ImageCount(
            context.bundle.description.images.map(\.names), lacking: Set(plan.namings.map(\.name)))
        let report = context.report
        report(.doing(step: step, what: images.text))
        _ = try await image.run { event in
            switch event {
            case .wrote(let bytes): report(.progress(step: step, done: done.add(bytes), total: total))
            case .named(let name, _, let before):
                images.add(name)
                report(.doing(step: step, what: images.text))
                if let before { report(.warning("\(name) pointed to \(before)")) }
            case .unpacked(let references):
                report(.doing(step: step, what: "unpacked \(references.first ?? "")"))
            case .leftToContainerd(let layer, let reason):
                report(.detail(step: step, "containerd unpacks the layer \(layer.digest): \(reason)"))
            case .allLeftToContainerd(let reason):
                report(.detail(step: step, "containerd unpacks all layers: \(reason)"))
            case .blob, .layer: break
            }
        }
    }

    /// Asks containerd image by image; performed at every run.
    var inventory: Step {
        Step("inventory", title: "verify images on the node", inputs: [context.bundleDigest], isRepeated: true) {
            let inventory = try await Inventory.take(
                of: context.bundle, on: context.node, expectsUnpacked: context.options.unpacks)
            guard let first = inventory.images.first(where: { !inventory.isSound($0) }) else { return }
            let count = inventory.images.filter { !inventory.isSound($0) }.count
            throw InstallError.step(
                name: "inventory",
                reason: "\(count) images are not as the bundle says, first \(first.reference)",
                hint: "'sealift-installer verify --node' shows which and why")
        }
    }

    /// Lets go of the images and extra files that only the bundle of before needed.
    func retiring(_ old: String) -> Step {
        Step("retire", title: "let go of what only \(old) needed", inputs: [old, context.bundleDigest]) {
            let keep = Set(context.bundle.description.images.flatMap(\.names))
            let removal = try await ImageRemoval.plan(of: old, on: context.node, keeping: keep)
            try await removal.run(on: context.node) { item in
                context.report(.doing(step: "retire", what: "\(item.change.rawValue) \(item.name)"))
            }
            try await onThread("retire") { try FileSteps(context: context).retire() }
        }
    }
}

/// Counts the images that are there under all their names; from any thread.
final class ImageCount: Sendable {
    private let lacking: Lock<[Set<String>]>
    private let count: Int

    /// Takes each image's names, and those that are not there yet.
    init(_ images: [[String]], lacking names: Set<String>) {
        count = images.count
        lacking = Lock(images.map { names.intersection($0) })
    }

    /// Takes note of a name that is there now.
    func add(_ name: String) {
        lacking.withLock { lacking in
            for index in lacking.indices { lacking[index].remove(name) }
        }
    }

    /// As `3 of 8 images`.
    var text: String { "\(lacking.withLock { $0.count(where: \.isEmpty) }) of \(count) images" }
}
