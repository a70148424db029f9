internal import ArgumentParser
internal import BundleFormat
internal import BundleInstaller
internal import Cluster
internal import CommandSupport
internal import Glibc
internal import SystemPackage

/// `sealift-installer token`.
struct TokenCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token with which workers join the platform that was installed here.",
        discussion: """
            Whoever has it can add nodes to the cluster until it expires: carry it like a password. Any number of \
            workers may join with one.

            EXAMPLES:
              sealift-installer token --expiry 2h
            """)

    @Option(help: ArgumentHelp("How long it counts: 90s, 30m, 24h, 7d.", valueName: "time"))
    var expiry: Lifetime = .day

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Write it to a new file that only its owner can read; without it, it is printed.", valueName: "file"),
        completion: .file())
    var output: String?

    /// A time that a token counts.
    struct Lifetime: ExpressibleByArgument {
        var seconds: Int

        static let day = Lifetime(seconds: 86400)
        /// Ten years: certificates that a worker gets with it don't live longer.
        private static let longest = 10 * 365 * 86400

        init(seconds: Int) { self.seconds = seconds }

        /// A whole number above 0 and its unit.
        init?(argument: String) {
            let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
            guard let unit = argument.last.flatMap({ units[$0] }), argument.utf8.count <= 10,
                argument.dropLast().utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let count = Int(argument.dropLast()), count > 0, count * unit <= Self.longest
            else { return nil }
            seconds = count * unit
        }

        var defaultValueDescription: String { "24h" }
    }

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingInstall) { [expiry, output] in
            let path = output.map { FilePath($0) }
            // Before a secret exists that then has nowhere to go.
            if let path, access(path.string, F_OK) == 0 {
                throw Failure("\(path) is there already", hint: "choose another name, or delete it", code: .cantCreate)
            }
            let token = try await InstalledPlatform().joinToken(expiry: .seconds(expiry.seconds))
            guard let path else {
                return try Terminal.standardOutput.write(document: Array("\(token.text)\n".utf8))
            }
            try DurableFile.write(Array("\(token.text)\n".utf8), to: path, mode: [.ownerRead, .ownerWrite])
            Message.note(
                "a token for workers of \(token.server) is in \(path); delete it once they have joined")
        }
    }
}
