internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import OCI

/// `sealift diff OLD NEW`.
struct DiffCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what one bundle has and another has not.",
        discussion: """
            Images that were added, removed or changed, by layer; the bytes that a delta from OLD to NEW would carry; \
            files, and texts as a unified diff. Reads only the front of the archives; `verify` proves the rest.

            EXAMPLES:
              sealift diff hello-1.0.tar.zst hello-1.1.tar.zst
            """)

    @Argument(help: ArgumentHelp("The older bundle's archive.", valueName: "old"), completion: .file())
    var old: String

    @Argument(help: ArgumentHelp("The newer bundle's archive.", valueName: "new"), completion: .file())
    var new: String

    @OptionGroup var keys: KeyArguments

    @Flag(help: "List every layer that comes or goes.")
    var layers = false

    @Flag(name: .customLong("no-texts"), help: "Only name the texts that differ.")
    var leavesOutTexts = false

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand { [self] in
            let difference = try BundleDifference(from: keys.open(old), to: keys.open(new))
            Terminal.standardOutput.write(
                format == .json
                    ? try Format.json(difference) : difference.text(layers: layers, texts: !leavesOutTexts))
        }
    }
}

extension BundleDifference {
    /// The difference as `diff` prints it.
    func text(layers showsLayers: Bool, texts showsTexts: Bool) -> String {
        guard !isEmpty else { return "no difference: index.json is \(to.index) in both\n" }
        var facts = [["from", "\(from.name) \(from.version)", from.index.short]]
        facts.append(["to", "\(to.name) \(to.version)", to.index.short])
        var result = Format.table(facts)
        if from.kubernetes != to.kubernetes {
            result += "kubernetes: \(from.kubernetes ?? "none") -> \(to.kubernetes ?? "none")\n".printableLines
        }
        if !images.isEmpty { result += "\n" + images.map { $0.text(layers: showsLayers) }.joined() }
        if !parameters.isEmpty {
            result += "\n" + Format.table(parameters.map { ["\($0.change.sign) parameter \($0.name)", $0.values] })
        }
        if !files.isEmpty {
            result += "\n" + Format.table(files.map { ["\($0.change.sign) \($0.name)", Format.change($0.bytes)] })
        }
        result += "\na delta carries \(Format.bytes(bytesToCarry)) of layers and programs, "
        result += "and leaves out \(Format.bytes(bytesKept))\n"
        guard showsTexts else { return result }
        return result + files.compactMap(\.diff).map { "\n" + $0.printableLines }.joined()
    }
}

extension BundleDifference.Change {
    fileprivate var sign: String {
        switch self {
        case .added: "+"
        case .removed: "-"
        case .changed: "~"
        }
    }
}

extension BundleDifference.Parameter {
    fileprivate var values: String {
        func shown(_ value: String?) -> String { value.map { $0.isEmpty ? "\"\"" : $0 } ?? "(none)" }
        return from == to ? "described otherwise" : "\(shown(from)) -> \(shown(to))"
    }
}

extension BundleDifference.Image {
    fileprivate func text(layers showsLayers: Bool) -> String {
        let bytes = Format.bytes(layersAdded.reduce(0) { $0 + $1.bytes })
        let detail =
            switch change {
            case .added: "\(layersAdded.count) layers, \(bytes)"
            case .removed: "\(layersRemoved.count) layers"
            case .changed:
                "\(layersAdded.count) new layers of \(layersAdded.count + layersKept), \(bytes)"
                    + (formerReference.map { "; was \($0)" } ?? "")
            }
        var text = "\(change.sign) \(reference)  \(detail)".printable() + "\n"
        guard showsLayers else { return text }
        for layer in layersAdded { text += "    + \(layer.digest)  \(Format.bytes(layer.bytes))\n" }
        for layer in layersRemoved { text += "    - \(layer.digest)  \(Format.bytes(layer.bytes))\n" }
        return text
    }
}

extension Format {
    /// Bytes with a sign: `+1.2 kB`.
    fileprivate static func change(_ count: Int64) -> String { (count < 0 ? "" : "+") + bytes(count) }
}
