internal import ArgumentParser
internal import BundleBuilder
internal import CommandSupport
internal import Definition
internal import Discovery
internal import OCI

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

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [bundle, format] in
            let inputs = try bundle.read()
            let listing = ImageListing(inputs.discovery, bundle: inputs.definition)
            switch format {
            case .json: Terminal.standardOutput.write(try Format.json(listing))
            case .text: Terminal.standardOutput.write(listing.text)
            }
            try inputs.requireSound()
        }
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
        var waiver: String?
    }

    var bundle: String
    var version: String
    var images: [Image]
    var unconfirmed: [Image]
    var findings: [Finding]
    var warnings: [String]

    init(_ discovery: ImageDiscovery, bundle definition: BundleDefinition) {
        func image(_ image: DiscoveredImage) -> Image {
            Image(
                reference: image.reference.description, written: image.written, grade: image.grade.description,
                isKubernetes: discovery.kubernetesImages.contains(image.reference),
                origins: image.origins.map { Origin(file: $0.file, line: $0.line, object: $0.object, field: $0.field) })
        }
        bundle = definition.name
        version = definition.version
        images = discovery.images.map(image)
        unconfirmed = discovery.unconfirmed.map(image)
        findings = discovery.findings.map {
            Finding(
                rule: $0.rule.rawValue, severity: $0.severity.rawValue, file: $0.file, line: $0.line,
                object: $0.object, field: $0.field, message: $0.message, remedy: $0.remedy, waiver: $0.waiver)
        }
        warnings = discovery.warnings.map(\.description)
    }

    /// The listing as text: an image a line, with the places that ask for it below.
    var text: String {
        var text = ""
        for image in images + unconfirmed {
            text += "\(image.reference)  (\(image.grade)\(image.isKubernetes ? ", of the distribution" : ""))\n"
            for origin in image.origins {
                text += "    \(origin.file):\(origin.line)  \(origin.object)  \(origin.field)\n"
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
