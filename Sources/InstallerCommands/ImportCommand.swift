internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import NodeImages
internal import OCI

/// `sealift-installer import BUNDLE`: only the images, into any containerd.
struct ImportCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring a bundle's images into a containerd that is there, and pin them.",
        discussion: """
            Writes only what is missing, straight from the archive, and names an image only when all of it is there. \
            Safe to stop at any moment: the next run goes on where this one ended.

            EXAMPLES:
              sealift-installer import hello-1.0.tar.zst --dry-run
              sealift-installer import hello-1.0.tar.zst --namespace default
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @OptionGroup var keys: KeyArguments

    @OptionGroup var node: NodeArguments

    @OptionGroup var unpack: UnpackArguments

    @Flag(help: "Only tell what would be written.")
    var dryRun = false

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [path, keys, node, unpack, dryRun, format] in
            let bundle = try keys.openBundle(path)
            bundle.announceSignature()
            let image = ImageImport(
                bundle,
                .init(
                    node: try node.options(), unpacks: !node.noUnpack, unpacker: unpack.unpacker,
                    workers: ImageImport.Options.workers(cores: ProcessorCount.available)))
            let plan = try await image.plan()
            Message.detail(
                "\(Format.bytes(plan.bytesToWrite)) to write, \(Format.bytes(plan.bytesThere)) there already")
            guard !dryRun else {
                Terminal.standardOutput.write(format == .json ? try Format.json(plan) : plan.text)
                return
            }
            let meter = ProgressMeter(verb: "importing", total: plan.bytesToWrite)
            let outcome = try await Failure.resumable { try await image.run { $0.show(on: meter) } }
            meter.finish()
            Terminal.standardOutput.write(format == .json ? try Format.json(outcome) : outcome.text(of: bundle))
        }
    }
}

extension ImageImport.Event {
    fileprivate func show(on meter: ProgressMeter) {
        switch self {
        case .wrote(let count): meter.add(count)
        case .named(let name, let digest, let before?):
            Message.warning("\(name) pointed to \(before), now to \(digest)")
        case .named(let name, let digest, nil): Message.detail("\(name) is \(digest)")
        case .blob(let blob): Message.detail("wrote \(blob.digest), \(Format.bytes(blob.size))")
        case .leftToContainerd(let layer, let reason):
            Message.detail("containerd unpacks the layer \(layer.digest): \(reason)")
        case .allLeftToContainerd(let reason): Message.detail("containerd unpacks all layers: \(reason)")
        case .layer(let layer): Message.detail("unpacked the layer \(layer.digest)")
        case .unpacked(let names): Message.detail("unpacked \(names.joined(separator: ", "))")
        }
    }
}

extension ImportPlan {
    /// The plan as `--dry-run` prints it.
    var text: String {
        guard !isEmpty else { return "nothing to do: every image is there, complete and pinned\n" }
        var lines = (layers + documents).map { "write   \($0.digest)  \(Format.bytes($0.size))" }
        lines += labellings.map { "label   \($0.digest)" }
        lines += unpackings.map { "unpack  \($0.layer.digest)  \(Format.bytes($0.layer.size))" }
        lines += namings.map { naming in
            "name    \(naming.name)" + (naming.movedFrom.map { "  (points to \($0) now)" } ?? "")
        }
        lines.append("\(Format.bytes(bytesToWrite)) to write, \(Format.bytes(bytesThere)) there already")
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ImageImport.Outcome {
    func text(of bundle: BundleReader) -> String {
        "imported \(bundle.description.name) \(bundle.description.version): \(bundle.description.images.count) images, "
            + "\(blobsWritten) blobs (\(Format.bytes(bytesWritten))) written, \(namesMade) names made, "
            + "\(namesMoved) moved, \(layersUnpacked) layers unpacked"
            + (layersUnpackedByContainerd == 0 ? "\n" : ", \(layersUnpackedByContainerd) of them by containerd\n")
    }
}
