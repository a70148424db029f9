import ArgumentParser
import OCI
import SystemPackage
import Testing

@testable import BuilderCommands
@testable import CommandSupport

/// Codes that scripts rely on: each has a meaning, a reason that brings it, and a line in the help.
@Suite struct ExitStatusTests {
    private struct Unforeseen: Error {}

    private static let reasons: [(any Error, Failure.Code)] = [
        (Malformed("digest", "x", breaks: "it is short"), .data), (Errno.noSuchFileOrDirectory, .noInput),
        (Unforeseen(), .software), (Errno.readOnlyFileSystem, .cantCreate), (Errno.noSpace, .inputOutput),
        (Errno.ioError, .inputOutput), (Errno.permissionDenied, .permission), (CancellationError(), .interrupted),
        (Failure("no registry", code: .unavailable), .unavailable),
    ]

    @Test func everyCodeHasAReason() throws {
        for (error, code) in Self.reasons { #expect(Failure.explainingBuild(error).code == code, "\(error)") }
        let wrong = #expect(throws: Failure.self) { try VerbCheck.require(in: ["buidl"], of: SealiftCommand.self) }
        #expect(wrong?.code == .usage)
        #expect(Set(Self.reasons.map(\.1) + [.usage]) == Set(Failure.Code.allCases))
    }

    @Test func whatARunThrowsIsWhatTheProcessEndsWith() async throws {
        for (error, code) in Self.reasons where code != .interrupted {
            let ended = await #expect(throws: ExitCode.self) { try await runCommand { throw error } }
            #expect(ended?.rawValue == code.rawValue)
        }
    }

    @Test func helpListsThemOnceAndInOrder() {
        let codes = ExitStatus.rows.map(\.code)
        #expect(codes == codes.sorted() && Set(codes).count == codes.count && codes.first == 0)
        let help = HelpText.arranged(SealiftCommand.helpMessage(columns: 100))
        for row in ExitStatus.rows { #expect(help.contains("  \(row.code) ") && help.contains(row.meaning)) }
    }

    @Test func helpNamesGroupsAndEndsWithTheCodes() throws {
        let help = HelpText.arranged(SealiftCommand.helpMessage(columns: 100))
        #expect(!help.contains(" SUBCOMMANDS:"))
        let usage = try #require(help.firstRange(of: "USAGE: "))
        let codes = try #require(help.firstRange(of: "EXIT STATUS:"))
        #expect(usage.lowerBound < codes.lowerBound)
    }

    @Test(arguments: [
        (["help"], nil), (["--help"], nil), (["build", "x"], nil), (["cache"], nil), ([], nil),
        (["cache", "--version"], nil), (["biuld"], "build"), (["inpsect", "--format", "json"], "inspect"),
        (["cache", "purne"], "prune"), (["help", "vreify"], "verify"), (["hepl"], "help"),
    ])
    func verbsThatDoNotExistAreToldApart(_ arguments: [String], _ meant: String?) {
        guard let meant else {
            #expect(throws: Never.self) { try VerbCheck.require(in: arguments, of: SealiftCommand.self) }
            return
        }
        let failure = #expect(throws: Failure.self) {
            try VerbCheck.require(in: arguments, of: SealiftCommand.self)
        }
        #expect(failure?.hint?.hasPrefix("did you mean '\(meant)'? ") == true)
    }

    @Test func quietAndVerboseExcludeEachOther() throws {
        #expect(throws: (any Error).self) { try SealiftCommand.parseAsRoot(["verify", "x", "-q", "-v"]) }
        let command = try SealiftCommand.parseAsRoot(["verify", "x", "-v"])
        #expect((command as? any TalkingCommand)?.verbosity.level == .verbose)
    }
}
