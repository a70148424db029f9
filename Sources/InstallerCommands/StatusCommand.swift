internal import ArgumentParser
internal import BundleFormat
internal import BundleInstaller
internal import CommandSupport
internal import SystemPackage

/// `sealift-installer status`.
struct StatusCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what is installed, how far the last command came, and how the platform is doing.",
        discussion: """
            Ends with 0 when all was done and all is ready, with 69 otherwise. What --export writes holds digests, \
            sizes, and the bundle's name and version, and nothing else of this host.

            EXAMPLES:
              sealift-installer status
              sealift-installer status --format json
              sealift-installer status --export state.json
            """)

    @Option(
        help: ArgumentHelp(
            "Write what this host has into a file instead: for 'sealift build --since', which leaves it out.",
            valueName: "file"), completion: .file(extensions: ["json"]))
    var export: String?

    @Option(help: "How to print the result: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [format, export] in
            if let export {
                let state = try await InstalledPlatform().state()
                let bytes = Array(try Format.json(state).utf8)
                return export == "-"
                    ? Terminal.standardOutput.write(String(decoding: bytes, as: UTF8.self))
                    : try DurableFile.write(bytes, to: FilePath(export))
            }
            let report = try await StatusReport(of: try InstalledPlatform())
            Terminal.standardOutput.write(format == .json ? try Format.json(report) : report.text)
            if !report.isSound { throw ExitCode(Failure.Code.unavailable.rawValue) }
        }
    }
}

extension StatusReport {
    /// The report as `status` prints it.
    var text: String {
        var facts = [["bundle", "\(bundle) \(version)"]]
        if let kubernetes { facts.append(["k0s", kubernetes]) }
        if let signedBy { facts.append(["signed by", "\(signedBy)"]) }
        if let joined { facts.append(["worker of", joined]) }
        if let nodeAddress { facts.append(["node", nodeAddress]) }
        if let command { facts.append([command, isFinished ? "finished" : "NOT finished: run it again to go on"]) }
        if !waived.isEmpty { facts.append(["waived", waived.joined(separator: ", ")]) }
        if let unreachable { facts.append(["cluster", unreachable]) }
        var text = Format.table(facts.map { row in row.map { $0.printable() } })
        if !isFinished {
            let rows = Format.table(steps.map { ["  \($0.state)", $0.step, $0.at] }).split(separator: "\n")
            text += "\n"
            for (row, step) in zip(rows, steps) {
                text += row + "\n"
                text += (step.reason ?? "").split(separator: "\n").map { "           \($0)\n" }.joined()
            }
        }
        for stage in stages {
            text +=
                "\(stage.blockers.isEmpty ? "ready  " : "WAITING")  stage \(stage.stage): \(stage.objects) objects\n"
            text += stage.blockers.map { "         \($0)\n" }.joined()
        }
        return text.printable(keeping: "\n")
    }
}

/// `sealift-installer check`.
struct CheckCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Run every check of the installed platform again.",
        discussion: """
            Four layers: resources are valid and ready; services can be reached from a pod; applications answer; data \
            flows from end to end. Ends with 0 when all passed, with 65 otherwise.

            EXAMPLES:
              sealift-installer check
            """)

    @Option(help: "How to print the results: text, or json with one object a line.")
    var format: OutputFormat = .text

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [format] in
            let allPassed = try await InstalledPlatform().check { result in
                // A line is made of plain values, which always encode.
                let line = format == .json ? try? Format.jsonLine(result) : result.text
                Terminal.standardOutput.write(line ?? "")
            }
            guard allPassed else {
                throw Failure(
                    "not every check passed", hint: "'sealift-installer status' shows what is not ready", code: .data)
            }
        }
    }
}

extension CheckResult {
    /// The result as `check` prints it.
    var text: String {
        ("\(passed ? "ok    " : "FAILED")  \(layer)  \(name)" + (detail.map { ": \($0)" } ?? "") + "\n")
            .printable(keeping: "\n")
    }
}
