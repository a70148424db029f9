internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import SystemPackage

/// `sealift split BUNDLE --size SIZE`.
struct SplitCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Cut a bundle into parts for smaller media.",
        discussion: """
            Proves the archive first, then writes NAME.tar.zst.001, .002 and so on, NAME.tar.zst.parts.json, which every \
            command takes in the place of the bundle, and NAME.tar.zst.parts.sha256 for sha256sum -c. The archive stays. \
            'cat NAME.tar.zst.???' gives it back without any tool. The path of the .parts.json is the last line on \
            standard output.

            EXAMPLES:
              sealift split dist/hello-1.0.tar.zst --size 4G --output /media/usb
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(
        help: ArgumentHelp(stringLiteral: PartSize.help), transform: PartSize.init(parsing:))
    var size: PartSize

    @Option(
        help: ArgumentHelp("Where the parts go; beside the archive unless given.", valueName: "dir"),
        completion: .directory)
    var output: String?

    @Flag(help: "Replace parts that are there.")
    var force = false

    @OptionGroup var keys: KeyArguments

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            if let warning = size.warning { Message.warning("\(warning)") }
            let bundle = try keys.open(path)
            let source = FilePath(path)
            let folder = output.map { FilePath($0) } ?? source.removingLastComponent()
            let name = try keys.media.parts(of: source)?.list.name ?? source.lastComponent?.string ?? ""
            let splitting = try BundleSplitting(
                bundle, output: folder.appending(name), limit: size.bytes, isForced: force)
            try await ArchiveVerification.requireSound(bundle)
            let meter = ProgressMeter(verb: "splitting", total: splitting.bytes)
            defer { meter.finish() }
            let list = try await splitting.run { meter.add($0) }
            meter.finish()
            Message.note("\(list.parts.count) parts of at most \(Format.bytes(size.bytes))")
            Terminal.standardOutput.write("\(PartsList.path(for: folder.appending(name)))\n")
        }
    }
}

/// `sealift join PART`.
struct JoinCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Put a split bundle together again.",
        discussion: """
            Compares every part with its digest while it is copied, and the whole at the end; the parts stay. Nothing \
            needs this: every command reads a bundle from its parts, but all of them must be there at once. This takes \
            them one after the other, and on a terminal asks for the next medium. The archive's path is the last line \
            on standard output.

            EXAMPLES:
              sealift join /media/usb/hello-1.0.tar.zst.001 --output hello-1.0.tar.zst
            """)

    @Argument(
        help: ArgumentHelp("The first part, or the .parts.json.", valueName: "part"), completion: .file())
    var path: String

    @Option(
        help: ArgumentHelp("The whole archive; beside the parts unless given.", valueName: "file"), completion: .file())
    var output: String?

    @Flag(help: "Replace an archive that is there.")
    var force = false

    @OptionGroup var mediaArguments: MediaArguments

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let joining = try BundleJoining(
                FilePath(path), on: mediaArguments.media, output: output.map { FilePath($0) }, isForced: force)
            let meter = ProgressMeter(verb: "joining", total: joining.bytes)
            defer { meter.finish() }
            let archive = try await joining.run { meter.add($0) }
            meter.finish()
            Terminal.standardOutput.write("\(archive)\n")
        }
    }
}
