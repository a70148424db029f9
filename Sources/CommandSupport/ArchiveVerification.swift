internal import ArgumentParser
package import BundleFormat
internal import Frames
internal import OCI
package import Signatures
package import SystemPackage
internal import Tarball
internal import Threads

extension OutputFormat: ExpressibleByArgument {}

/// What `verify` says about itself in both executables.
package enum ArchiveVerification {
    package static let abstract = "Prove that a bundle is whole: every byte, every member, every name."
    package static let discussion = """
        Reads the archive once, on all cores, and extracts nothing. Ends with 0 when the bundle is sound and with \
        65 when anything differs from what index.json says; each damaged member is named with the images that need it.

        --report writes down what was checked, with which keys and with which result, also where that is bad.
        """

    /// Verifies the archive at `path` with a meter on stderr; prints the result, writes the reports that are asked for,
    /// and throws where the archive is damaged or not to be trusted.
    ///
    /// `tool` is the name of the executable.
    package static func run(
        on path: FilePath, of media: BundleMedia, over bases: [FilePath] = [], trusting keys: TrustedKeys,
        format: OutputFormat,
        reports: ReportArguments, tool: String
    ) async throws {
        var paper = CheckReport(of: path, keys: keys, tool: tool)
        do {
            let bundle = try BundleReader(opening: path, on: media, trusting: keys)
            let found = try await report(on: bundle)
            try paper.take(found, of: bundle)
            let missing = found.isSound ? try await missing(in: bundle, over: bases, on: media, trusting: keys) : nil
            if bundle.description.base != nil, missing == 0 { paper.content?.bases = bases.map(\.string) }
            try await reports.write(&paper, media)
            Terminal.standardOutput.write(format == .json ? try Format.json(found) : found.text)
            if !found.isSound {
                try await namePartsThatDiffer(path, media)
                throw damage(found, bundle)
            }
            guard let missing, !bases.isEmpty else { return }
            guard missing == 0 else {
                throw Failure(
                    "\(missing) blobs that \(path) leaves to its base are in none of the bundles given with --base",
                    hint: "give every bundle of the chain, each with --base", code: .data)
            }
            guard format == .text else { return }
            Terminal.standardOutput.write(
                bundle.leftOut.isEmpty
                    ? "whole by itself: it is no delta\n" : "whole: the bases have what it leaves out\n")
        } catch  where isRefusal(error) {
            paper.reason = "\(error)"
            try await reports.write(&paper, media)
            try await namePartsThatDiffer(path, media)
            throw error
        }
    }

    /// Proves the bases; returns how many blobs that the delta leaves out are in none of them.
    private static func missing(
        in delta: BundleReader, over bases: [FilePath], on media: BundleMedia, trusting keys: TrustedKeys
    ) async throws -> Int {
        var missing = delta.leftOut.blobs
        for path in bases {
            let base = try BundleReader(opening: path, on: media, trusting: keys)
            try await requireSound(base)
            let carried = Set(base.contents.payload.map(\.digest))
            missing = missing.filter { !carried.contains($0.key) }
        }
        return missing.count
    }

    /// Whether an error is about the archive, and not about reading it.
    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case BundleError.system, FramesError.system: false
        case BundleError.partsMissing, BundleError.noPartsList, BundleError.partsList: false
        case is BundleError, is FramesError, is Malformed, is TarballError: true
        default: false
        }
    }

    /// Says on stderr which parts of a refused or damaged archive are not those of its list: those are to be copied again.
    private static func namePartsThatDiffer(_ path: FilePath, _ media: BundleMedia) async throws {
        // What can't be found or read any more has been told already, or will be.
        guard var archive = try? BundleMedia(media.folders).parts(of: path),
            let paths = try? archive.find(archive.list.parts.indices, nil)
        else { return }
        let meter = ProgressMeter(verb: "comparing parts", total: archive.list.size)
        defer { meter.finish() }
        for (part, place) in zip(archive.list.parts, paths) {
            guard
                let found = await onThread(
                    "parts",
                    {
                        // Where it can't be read, the error that brought us here is likely about that.
                        try? PartedFile(opening: place).digest { count in
                            if Interruption.happened { throw CancellationError() }
                            meter.add(count)
                        }
                    })
            else { continue }
            if found != part.digest {
                meter.finish()
                Terminal.standardError.write(
                    "DAMAGED PART \(place): its SHA-256 is \(found.hex), not \(part.digest.hex)\n")
            }
        }
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
            (bundle.isParted ? "the archive in parts that \(bundle.path) leads to" : "\(bundle.path)")
                + " is damaged: \(report.faults.count) of \(report.members) members",
            hint: bundle.isParted
                ? "copy the parts that are named again from where they were written"
                : "copy the bundle again from where it was built", code: .data)
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
        if let base, leftOut > 0 {
            lines.append(
                "delta: \(leftOut) blobs (\(Format.bytes(leftOutBytes))) are not in it: \(base) brought them")
        }
        lines.append("index.json \(index)")
        lines.append("signature: \(signature)")
        return lines.joined(separator: "\n") + "\n"
    }
}
