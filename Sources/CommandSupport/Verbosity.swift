package import ArgumentParser
internal import Synchronization

/// How much a command says on stderr besides warnings and errors; results on stdout are the same in all.
package enum Verbosity: Int, Sendable {
    /// Nothing.
    case quiet
    /// Progress, and what became of things.
    case normal
    /// Also what is done and why.
    case verbose

    private static let level = Atomic(Verbosity.normal.rawValue)

    /// What the command line asked for; set before a command runs.
    package static var current: Verbosity {
        get { Verbosity(rawValue: level.load(ordering: .relaxed)) ?? .normal }
        set { level.store(newValue.rawValue, ordering: .relaxed) }
    }
}

/// `-q` and `-v`.
package struct VerbosityArguments: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Say nothing but results, warnings and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say what is done, why, and how long it takes.")
    var verbose = false

    package init() {}

    package func validate() throws {
        if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }

    /// What they stand for.
    package var level: Verbosity { quiet ? .quiet : verbose ? .verbose : .normal }
}

/// A command that takes `-q` and `-v`.
package protocol TalkingCommand: AsyncParsableCommand {
    var verbosity: VerbosityArguments { get }
}
