internal import ArgumentParser

/// `sealift export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Make files for other tools from a bundle.",
        subcommands: [
            ExportHostsCommand.self
        ])
}
