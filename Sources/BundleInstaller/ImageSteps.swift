internal import BundleFormat
internal import NodeImages
internal import OCI
internal import SystemPackage
internal import Threads

/// The steps that bring the bundle's images into containerd, and prove that they are there.
struct ImageSteps: Sendable {
    let context: InstallContext

    /// Imports before an upgrade changes anything. Not repeated: once it went through, the k0s that runs containerd may
    /// be the one that is being replaced.
    var preparing: Step {
        Step("prepare", title: "import images beside those in use", inputs: [context.bundleDigest]) {
            try await bring(for: "prepare")
        }
    }

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
        let total = try await image.plan().bytesToWrite
        let done = Counter()
        let names = Counter()
        let count = context.bundle.description.images.reduce(0) { $0 + $1.names.count }
        let report = context.report
        _ = try await image.run { event in
            switch event {
            case .wrote(let bytes): report(.progress(step: step, done: done.add(bytes), total: total))
            case .named(let name, _, let before):
                report(.doing(step: step, what: "\(names.add(1)) of \(count) names"))
                if let before { report(.warning("\(name) pointed to \(before)")) }
            case .unpacked(let references):
                report(.doing(step: step, what: "unpacked \(references.first ?? "")"))
            case .leftToContainerd(let layer, let reason):
                report(.detail(step: step, "containerd unpacks the layer \(layer.digest): \(reason)"))
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
                reason: "\(count) images are not as the bundle says, first \(first.references.first ?? "")",
                hint: "'sealift-installer verify --node' shows which and why")
        }
    }

    /// Lets go of the images that only the bundle of before needed.
    func retiring(_ old: String) -> Step {
        Step("retire", title: "let go of \(old)'s images", inputs: [old, context.bundleDigest]) {
            let keep = Set(context.bundle.description.images.flatMap(\.names))
            let removal = try await ImageRemoval.plan(of: old, on: context.node, keeping: keep)
            try await removal.run(on: context.node) { item in
                context.report(.doing(step: "retire", what: "\(item.change.rawValue) \(item.name)"))
            }
        }
    }

    /// Puts the bundle's extra files where manifests mount them from.
    var files: Step {
        let files = context.bundle.description.files
        return Step("files", title: "put \(files.count) files in place", inputs: [context.bundleDigest]) {
            try await onThread("files") {
                try files.allSatisfy { file in
                    try StateFile.digest(of: context.place(of: file)) == context.files.descriptor(file.name).digest
                }
            }
        } perform: {
            try await onThread("files") {
                for file in files {
                    let place = context.place(of: file)
                    try StateFile.makeFolder(place.removingLastComponent())
                    try context.files.extract(
                        file.name, to: place,
                        mode: FilePermissions(rawValue: (UInt32(file.mode, radix: 8) ?? 0o644) & 0o777))
                }
            }
        }
    }
}
