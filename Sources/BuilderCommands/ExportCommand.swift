internal import ArgumentParser

/// `sealift export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what other tools need to make use of a bundle.",
        subcommands: [ExportHostsCommand.self, ExportK0sctlCommand.self])
}
