internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import NodeImages
internal import SystemPackage

/// `sealift-installer verify BUNDLE`: the archive, or with `--node` what a containerd has of it.
struct VerifyCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: ArchiveVerification.abstract,
        discussion: ArchiveVerification.discussion + """
             With --node the containerd of this host is asked instead: is every image there, complete, under every name \
            that Kubernetes will ask for, visible to it, pinned and unpacked?

            EXAMPLES:
              sealift-installer verify hello-1.0.tar.zst --key release.pub
              sealift-installer verify hello-1.0.tar.zst --node --pattern busybox:1.35.0
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Flag(name: .customLong("node"), help: "Verify what containerd has, image by image, and not the archive.")
    var asksNode = false

    @Option(
        help: ArgumentHelp(
            "With --node: only the image that is asked for by this name, in any spelling.", valueName: "name"))
    var pattern: String?

    @OptionGroup var bases: BaseArguments

    @OptionGroup var keys: KeyArguments

    @OptionGroup var reports: ReportArguments

    @OptionGroup var node: NodeArguments

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        if pattern != nil, !asksNode { throw ValidationError("--pattern asks a node: add --node") }
        if !reports.isEmpty, asksNode { throw ValidationError("--report is about the archive: leave out --node") }
        if !bases.files.isEmpty, asksNode { throw ValidationError("--base is about archives: leave out --node") }
        if let option = (node.given + (node.noUnpack ? ["--no-unpack"] : [])).first, !asksNode {
            throw ValidationError("\(option) is a node's: add --node")
        }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [self] in
            guard asksNode else {
                return try await ArchiveVerification.run(
                    on: FilePath(path), of: keys.media, over: bases.files,
                    trusting: try keys.trusted(with: KeyArguments.trustedFolder), format: format, reports: reports,
                    tool: "sealift-installer")
            }
            let bundle = try keys.openBundle(path)
            bundle.announceSignature()
            var inventory = try await Inventory.take(
                of: bundle, on: try node.options(), expectsUnpacked: !node.noUnpack)
            if let pattern {
                let names = inventory.images.flatMap { $0.names.map(\.name) }
                inventory = try inventory.query(pattern)
                guard !inventory.images.isEmpty else {
                    let meant = Self.nearestImage(to: pattern, among: names).map { "did you mean '\($0)'? " } ?? ""
                    throw Failure(
                        "the bundle has no image that '\(pattern)' asks for",
                        hint: meant + "'sealift-installer inspect' lists the names that it has", code: .data)
                }
            }
            Terminal.standardOutput.write(format == .json ? try Format.json(inventory) : inventory.text)
            let unsound = inventory.images.filter { !inventory.isSound($0) }
            guard unsound.isEmpty else {
                throw Failure(
                    "\(unsound.count) of \(inventory.images.count) images on the node are not as the bundle says",
                    hint: "'sealift-installer import' brings back what is missing", code: .data)
            }
        }
    }
}

extension VerifyCommand {
    /// The name whose last part is most like that of `pattern`, what stands before it being the same for many; where none
    /// is with the tag, one that is without.
    static func nearestImage(to pattern: String, among names: [String]) -> String? {
        func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
        func bare(_ name: String) -> String { String(last(name).prefix { $0 != ":" && $0 != "@" }) }
        for part in [last, bare] {
            let byPart = Dictionary(names.sorted().map { (part($0), $0) }) { first, _ in first }
            if let near = nearestName(to: part(pattern), among: byPart.keys) { return byPart[near] }
        }
        return nil
    }
}

extension Inventory {
    /// The inventory as `verify --node` prints it: a line an image, what is wrong below it, and a count.
    var text: String {
        let table = Format.table([Self.columns] + images.map(Self.cells)).split(separator: "\n")
        var text = (table.first.map { String($0) } ?? "") + "\n"
        for (line, image) in zip(table.dropFirst(), images) {
            text += line + "\n" + faults(of: image).map { "    ! \($0)\n" }.joined()
        }
        let sound = images.filter { isSound($0) }.count
        return text + "\(sound) of \(images.count) images are on the node as \(bundle) says\n"
    }
}
