package import ArgumentParser
internal import BundleFormat
internal import SystemPackage

extension OutputFormat: ExpressibleByArgument {}

/// `verify BUNDLE`, the same in both executables.
package struct VerifyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that a bundle is whole: every byte, every member, every name.",
        discussion: """
            Reads the archive once, on all cores, and extracts nothing. Ends with 0 when the bundle is sound and with \
            65 when anything differs from what index.json says; each damaged member is named with the images that need it.
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    package init() {}

    package func run() async throws {
        try await runCommand { [path, format] in
            let bundle = try BundleReader(opening: FilePath(path))
            let meter = ProgressMeter(verb: "verifying", total: bundle.contents.members.reduce(0) { $0 + $1.size })
            let report = try await BundleVerification(of: bundle).run(workers: ProcessorCount.available) {
                meter.add($0)
            }
            meter.finish()
            let output = Terminal.standardOutput
            switch format {
            case .json: output.write(try Format.json(report))
            case .text: output.write(report.text)
            }
            if !report.isSound {
                throw Failure(
                    "\(path) is damaged: \(report.faults.count) of \(report.members) members",
                    hint: "copy the bundle again from where it was built", code: .data)
            }
        }
    }
}

extension BundleVerification.Report {
    /// The report as `verify` prints it.
    var text: String {
        var lines = faults.map { fault in
            "DAMAGED \(fault.member): \(fault.reason)"
                + (fault.images.isEmpty ? "" : "\n        needed by \(fault.images.joined(separator: ", "))")
        }
        if isSound {
            lines.append(
                "ok: \(bundle): \(images) images under \(names) names, \(members) members, "
                    + "\(Format.bytes(contentBytes)) in an archive of \(Format.bytes(archiveBytes))")
        }
        lines.append("index.json \(index)")
        return lines.joined(separator: "\n") + "\n"
    }
}
