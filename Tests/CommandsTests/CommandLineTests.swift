import ArgumentParser
import Testing

@testable import BuilderCommands

@Suite struct CommandLineTests {
    @Test(arguments: ["images", "lock", "build", "verify", "inspect", "cache"])
    func everyVerbHasHelp(verb: String) throws {
        let help = SealiftCommand.helpMessage(columns: 100)
        #expect(help.contains("  \(verb) "))
    }

    @Test func buildTakesItsOptions() throws {
        let command = try #require(
            try SealiftCommand.parseAsRoot([
                "build", "bundles/hello", "--mirror", "docker.io=http://127.0.0.1:5000", "--set", "a=b=c", "--jobs",
                "2",
                "--platform", "linux/arm64", "--no-cache", "--force",
            ]) as? BuildCommand)
        #expect(command.bundle.set == ["a=b=c"])
        #expect(command.registry.jobs == 2)
        #expect(command.bundle.platform == ["linux/arm64"])
        #expect(command.noCache && command.force && !command.dryRun)
        #expect(command.output == "dist")
    }

    @Test(arguments: [
        ["build", "b", "--set", "novalue"], ["build", "b", "--jobs", "0"], ["build", "b", "--jobs", "65"],
        ["build", "b", "--cache", "c", "--no-cache"], ["lock", "b", "--check", "--diff"],
        ["build", "b", "--ca", "host"],
        ["verify", "--format", "xml", "f"], ["nonsense"],
    ])
    func refusesWrongUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try SealiftCommand.parseAsRoot(arguments) }
    }
}
