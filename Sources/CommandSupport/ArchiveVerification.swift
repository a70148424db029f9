internal import ArgumentParser
package import BundleFormat

extension OutputFormat: ExpressibleByArgument {}

/// What `verify` says about itself in both executables.
package enum ArchiveVerification {
    package static let abstract = "Prove that a bundle is whole: every byte, every member, every name."
    package static let discussion = """
        Reads the archive once, on all cores, and extracts nothing. Ends with 0 when the bundle is sound and with \
        65 when anything differs from what index.json says; each damaged member is named with the images that need it.
        """

    /// Verifies the archive with a meter on stderr; prints the result and throws ``Failure`` where it is damaged.
    package static func run(on bundle: BundleReader, format: OutputFormat) async throws {
        let report = try await report(on: bundle)
        switch format {
        case .json: Terminal.standardOutput.write(try Format.json(report))
        case .text: Terminal.standardOutput.write(report.text)
        }
        if !report.isSound { throw damage(report, bundle) }
    }

    /// Verifies the archive with a meter on stderr, and prints nothing; throws ``Failure`` where it is damaged.
    package static func requireSound(_ bundle: BundleReader) async throws {
        let report = try await report(on: bundle)
        if !report.isSound { throw damage(report, bundle) }
    }

    private static func report(on bundle: BundleReader) async throws -> BundleVerification.Report {
        let meter = ProgressMeter(verb: "verifying", total: bundle.contents.members.reduce(0) { $0 + $1.size })
        defer { meter.finish() }
        return try await BundleVerification(of: bundle).run(workers: ProcessorCount.available) { meter.add($0) }
    }

    private static func damage(_ report: BundleVerification.Report, _ bundle: BundleReader) -> Failure {
        Failure(
            "\(bundle.path) is damaged: \(report.faults.count) of \(report.members) members",
            hint: "copy the bundle again from where it was built", code: .data)
    }
}

extension BundleVerification.Report {
    /// The report as `verify` prints it.
    fileprivate var text: String {
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
        lines.append("signature: \(signature)")
        return lines.joined(separator: "\n") + "\n"
    }
}
