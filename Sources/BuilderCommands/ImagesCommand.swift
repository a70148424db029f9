internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import Discovery
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// `sealift images BUNDLE`.
struct ImagesCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "images",
        abstract: "List the images that a bundle needs, and who asks for them.",
        discussion: """
            Walks every YAML document of the bundle. Guesses that the definition neither confirms nor dismisses, and \
            findings that nobody waived, are listed too and end the command with 65. Asks no registry.

            EXAMPLES:
              sealift images bundles/hello
              sealift images bundles/hello --format json | jq -r '.images[].reference'
            """)

    @OptionGroup var bundle: BundleOptions

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    @Option(
        help: ArgumentHelp(
            "Only this image, in any spelling; without a tag, all of its tags. May be repeated.", valueName: "name"))
    var image: [String] = []

    @Option(
        help: """
            Print a picture instead: manifests, images and, from the lock, their layers; as dot, for Graphviz, or as \
            svg. Takes a built bundle, too.
            """)
    var graph: GraphFormat?

    @Option(
        help: ArgumentHelp("Write what was made of charts and kustomizations into a new folder.", valueName: "dir"),
        completion: .directory)
    var rendered: String?

    /// The forms of a picture.
    enum GraphFormat: String, ExpressibleByArgument, CaseIterable {
        case dot, svg
    }

    func validate() throws {
        if graph != nil, !image.isEmpty { throw ValidationError("--graph shows all images: leave out --image") }
        if graph != nil, format == .json { throw ValidationError("--graph has formats of its own: leave out --format") }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            if let graph, isArchive {
                let map = try ImageMap(of: try BundleReader(opening: FilePath(bundle.bundle)))
                return Terminal.standardOutput.write(graph == .dot ? map.dot : map.svg)
            }
            let inputs = try await bundle.read(lock: ChartLock(), cache: CacheChoice())
            if let rendered { try RenderedFolder(inputs.definition).write(to: FilePath(rendered)) }
            if let graph {
                let lock = try ChartLock().read(for: inputs.definition)
                let map = ImageMap(
                    inputs.discovery, of: inputs.definition, lock: lock, platforms: inputs.platforms)
                return Terminal.standardOutput.write(graph == .dot ? map.dot : map.svg)
            }
            var listing = ImageListing(inputs.discovery, bundle: inputs.definition)
            if !image.isEmpty { try listing.keep(image) }
            switch format {
            case .json: Terminal.standardOutput.write(try Format.json(listing))
            case .text: Terminal.standardOutput.write(listing.text)
            }
            try inputs.requireSound()
        }
    }

    /// Whether a built bundle was named, and no definition.
    private var isArchive: Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: bundle.bundle, isDirectory: &isFolder) && !isFolder
            && FilePath(bundle.bundle).lastComponent?.string != BundleDefinition.fileName
    }
}

/// The result of `sealift images`.
struct ImageListing: Codable, Hashable {
    /// One image.
    struct Image: Codable, Hashable {
        var reference: String
        var written: String
        var grade: String
        var isKubernetes: Bool
        var origins: [Origin]
    }

    /// A place that asks for an image.
    struct Origin: Codable, Hashable {
        var file: String
        var line: Int
        var object: String
        var field: String
        /// Of the chart; left out where the file is the bundle's own.
        var template: String?
    }

    /// Something that won't work on an isolated host.
    struct Finding: Codable, Hashable {
        var rule: String
        var severity: String
        var file: String
        var line: Int
        var object: String
        var field: String
        var message: String
        var remedy: String
        /// Of the chart; left out where the file is the bundle's own.
        var template: String?
        var waiver: String?
    }

    var bundle: String
    var version: String
    var images: [Image]
    var unconfirmed: [Image]
    var findings: [Finding]
    var warnings: [String]
}

extension ImageListing {
    init(_ discovery: ImageDiscovery, bundle definition: BundleDefinition) {
        func image(_ image: DiscoveredImage) -> Image {
            Image(
                reference: image.reference.description, written: image.written, grade: image.grade.description,
                isKubernetes: discovery.kubernetesImages.contains(image.reference),
                origins: image.origins.map {
                    Origin(file: $0.file, line: $0.line, object: $0.object, field: $0.field, template: $0.template)
                })
        }
        bundle = definition.name
        version = definition.version
        images = discovery.images.map(image)
        unconfirmed = discovery.unconfirmed.map(image)
        findings = discovery.findings.map {
            Finding(
                rule: $0.rule.rawValue, severity: $0.severity.rawValue, file: $0.file, line: $0.line,
                object: $0.object, field: $0.field, message: $0.message, remedy: $0.remedy, template: $0.template,
                waiver: $0.waiver)
        }
        warnings = discovery.warnings.map(\.description)
    }

    /// Leaves only the images that `names` are; throws, with the nearest one, where one of these is none.
    mutating func keep(_ names: [String]) throws {
        let all = images + unconfirmed
        let wanted = try names.map { name in
            guard let query = ImageQuery(name), all.contains(where: { query.matches($0.reference) }) else {
                let aliases = Dictionary(
                    all.flatMap { image in ImageQuery.spellings(of: image.reference).map { ($0, image.written) } }
                ) { first, _ in first }
                throw Failure(
                    "the bundle has no image '\(name)'",
                    hint: nearestName(to: name, among: aliases.keys).flatMap { aliases[$0] }.map {
                        "did you mean '\($0)'?"
                    }
                        ?? "without --image all of its \(all.count) images are listed", code: .data)
            }
            return query
        }
        func isWanted(_ image: Image) -> Bool { wanted.contains { $0.matches(image.reference) } }
        images.removeAll { !isWanted($0) }
        unconfirmed.removeAll { !isWanted($0) }
    }

    /// The listing as text: an image a line, with the places that ask for it below.
    var text: String {
        var text = ""
        for image in images + unconfirmed {
            text += "\(image.reference)  (\(image.grade)\(image.isKubernetes ? ", of the distribution" : ""))\n"
            for origin in image.origins {
                let template = origin.template.map { "  (\($0))" } ?? ""
                text += "    \(origin.file):\(origin.line)  \(origin.object)  \(origin.field)\(template)\n"
            }
        }
        let waived = findings.filter { $0.waiver != nil }
        text += "\n\(images.count) images, \(unconfirmed.count) unconfirmed guesses, "
        text += "\(findings.count - waived.count) findings, \(waived.count) waived\n"
        for finding in waived {
            text +=
                "waived  \(finding.file):\(finding.line)  \(finding.object)  [\(finding.rule)]: \(finding.waiver ?? "")\n"
        }
        for warning in warnings { text += "warning: \(warning)\n" }
        return text
    }
}
