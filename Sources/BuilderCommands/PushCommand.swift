internal import ArgumentParser
internal import BundleDistribution
internal import BundleFormat
internal import CommandSupport
internal import OCI
internal import Registry

/// `sealift push BUNDLE TARGET`.
struct PushCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Put a bundle into a registry, as one artifact or image by image.",
        discussion: """
            As one artifact, 'sealift pull' makes the same file of it again. With --images, each image gets a repository \
            of its own below the target, with its own tag and digest: docker.io/library/nginx:1.27 becomes \
            TARGET/library/nginx:1.27.

            What is there is not sent again; a push that was stopped goes on where it stopped.

            EXAMPLES:
              sealift push dist/hello-1.0.tar.zst registry.example/hello
              sealift push --images dist/hello-1.0.tar.zst registry.example/mirror
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Argument(
        help: ArgumentHelp(
            "REGISTRY/REPOSITORY[:TAG], by default with the bundle's version as tag; with --images, REGISTRY[/PREFIX].",
            valueName: "target"))
    var target: String

    @Flag(help: "Push the bundle's images, each as a repository of its own.")
    var images = false

    @Flag(help: "With --images: put an image's registry in front of its path, as in TARGET/docker.io/library/nginx.")
    var keepHost = false

    @OptionGroup var keys: KeyArguments

    @OptionGroup(title: "Registries") var registry: RegistryOptions

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        if keepHost, !images { throw ValidationError("--keep-host is about --images: add it, or leave both out") }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let bundle = try keys.open(path)
            bundle.announceSignature()
            let client = try registry.client()
            if images {
                let push = try ImagePush(
                    bundle, to: ImageNames(parsing: target, keepsHost: keepHost), client: client, jobs: registry.jobs)
                let result = try await Self.measured(push.bytes) { try await push.run(progress: $0) }
                try show(result)
            } else {
                let push = try BundlePush(
                    bundle, to: ImageNames.bundle(target), client: client, jobs: registry.jobs)
                let result = try await Self.measured(push.bytes) { try await push.run(progress: $0) }
                Message.note(result.blobs.text)
                Terminal.standardOutput.write(
                    format == .json ? try Format.json(result) : "\(result.reference)@\(result.digest)\n")
            }
        }
    }

    private static func measured<Result>(
        _ bytes: Int64, _ body: (@escaping @Sendable (Int64) -> Void) async throws -> Result
    ) async throws -> Result {
        let meter = ProgressMeter(verb: "pushing", total: bytes)
        defer { meter.finish() }
        return try await body { meter.add($0) }
    }

    private func show(_ result: ImagePush.Result) throws {
        guard format == .text else { return Terminal.standardOutput.write(try Format.json(result)) }
        for image in result.images {
            guard let index = image.refusedIndex, let platform = image.platform else { continue }
            Message.warning(
                "\(image.target.registry) does not take the index of \(image.image), \(index), since not all "
                    + "of its platforms are in the bundle: the name is now that of its manifest for \(platform)")
            for (platform, digest) in (image.otherPlatforms ?? [:]).sorted(by: { $0.key < $1.key }) {
                Message.note("  \(platform): \(image.target.name)@\(digest)")
            }
        }
        Message.note(result.blobs.text)
        Terminal.standardOutput.write(
            Format.table(result.images.map { ["\($0.image)", "->", "\($0.target)"] }))
    }
}

extension PushCount {
    fileprivate var text: String {
        "\(uploaded) blobs sent, \(Format.bytes(uploadedBytes)); \(mounted) taken from other repositories there, "
            + "\(present) were there"
    }
}
