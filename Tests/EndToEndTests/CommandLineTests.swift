import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// What the executables say about themselves, to people and to shells.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct CommandLineTests {
    private static let sources = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
        .removingLastComponent()
    private let place: Workplace

    init() throws { place = try Workplace(.ordinary()) }

    /// Sources the completions into bash and asks for what could go on behind `words`.
    private func offered(_ executable: FilePath, _ words: [String]) async throws -> Set<String> {
        let script = """
            set -euo pipefail
            program=$1; shift
            source <("$program" --generate-completion-script bash)
            function=$(complete -p "${program##*/}" | sed -E 's/.* -F ([^ ]+) .*/\\1/')
            COMP_WORDS=("$program" "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
            set +eu
            "$function" "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let run = try await place.run(["/bin/bash", "-c", script, "bash", executable.string] + words)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.transcript)")
        return Set(run.lines)
    }

    @Test func bashOffersWhatFits() async throws {
        #expect(try await offered(Executables.sealift, ["bui"]) == ["build"])
        #expect(try await offered(Executables.sealift, ["build", "--layers", ""]) == ["keep", "zstd"])
        #expect(try await offered(Executables.sealift, ["build", "--no-s"]) == ["--no-sbom"])
        #expect(try await offered(Executables.installer, ["upg"]) == ["upgrade"])
        #expect(try await offered(Executables.installer, ["verify", "--format", ""]) == ["text", "json"])
        let bundle = Self.sources.appending("bundles/hello").string
        #expect(try await offered(Executables.sealift, ["build", bundle, "--set", ""]) == ["message=", "replicas="])
        #expect(try await offered(Executables.sealift, ["images", bundle, "--profile", "b"]) == ["busy"])
        try write([], to: place.file("keys/release.pub"))
        try write([], to: place.file("keys/notes.txt"))
        let keys = try await offered(
            Executables.installer, ["verify", "--key", place.file("keys").string + "/"])
        #expect(keys.map { FilePath($0).lastComponent?.string } == ["release.pub"])
    }

    @Test(arguments: ["zsh", "fish"].filter { Executables.areInstalled($0) })
    func otherShellsCanReadTheirs(shell: String) async throws {
        for executable in [Executables.sealift, Executables.installer] {
            let run = try await place.shell(
                #""$1" --generate-completion-script "$2" >completions && "$2" -n completions"#, executable.string, shell
            )
            #expect(run.code == 0 && run.errors.isEmpty, "\(run.transcript)")
        }
    }

    @Test func manualPagesRenderWithoutAWarning() async throws {
        try #require(Executables.areInstalled("groff"))
        let script = Self.sources.appending("scripts/reference")
        let run = try await place.shell(
            #"SEALIFT_BIN_DIR=$1 "$2" --man man; for page in man/*.1; do groff -man -Tutf8 -ww -z "$page"; done; ls man"#,
            Executables.folder.string, script.string)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.transcript)")
        #expect(Set(run.lines).isSuperset(of: ["sealift.1", "sealift-build.1", "sealift-installer-install.1"]))
        let page = String(decoding: try contents(of: place.file("man/sealift-build.1")), as: UTF8.self)
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
            #expect(page.contains(".SH \(section)\n"))
        }
    }

    @Test func everyVerbCanBeQuietAndHasAnExample() async throws {
        struct Dump: Decodable {
            struct Command: Decodable {
                struct Argument: Decodable {
                    struct Name: Decodable { var name: String }
                    var names: [Name]?
                }
                var commandName: String
                var discussion: String?
                var arguments: [Argument]?
                var subcommands: [Command]?
            }
            var command: Command
        }
        func check(_ command: Dump.Command, _ path: String) {
            let verbs = (command.subcommands ?? []).filter { $0.commandName != "help" }
            for verb in verbs { check(verb, path + " " + verb.commandName) }
            guard verbs.isEmpty else { return }
            let names = (command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
            #expect(Set(names).isSuperset(of: ["quiet", "q", "verbose", "v"]), "\(path)")
            let examples =
                (command.discussion ?? "").split(separator: "EXAMPLES:\n", omittingEmptySubsequences: false)
                .dropFirst().first ?? ""
            #expect(examples.hasPrefix("  \(path)"), "\(path)")
            // Longer ones are broken in the middle on most terminals.
            #expect(examples.split(separator: "\n").allSatisfy { $0.count < 80 }, "\(path)")
        }
        for executable in [Executables.sealift, Executables.installer] {
            let dump = try await place.run([executable.string, "--experimental-dump-help"]).decoded(Dump.self)
            check(dump.command, dump.command.commandName)
        }
    }

    @Test(arguments: [
        (["buidl"], "did you mean 'build'?"), (["help", "verfy"], "did you mean 'verify'?"),
        (["cache", "prun"], "did you mean 'prune'?"), (["completely-different"], "'sealift --help' lists the verbs"),
        (["build", "--forse", "x"], "Did you mean '--force'?"), (["build", "-q", "-v", "x"], "exclude each other"),
    ])
    func wrongUsageIsToldAs64(_ arguments: [String], _ hint: String) async throws {
        let run = try await place.sealift(arguments)
        #expect(run.code == 64, "\(run.transcript)")
        #expect(run.errors.hasPrefix("error: ") && run.errors.contains(hint), "\(run.transcript)")
        #expect(run.output.isEmpty)
    }

    @Test func versionSaysWhatItReads() async throws {
        for executable in [Executables.sealift, Executables.installer] {
            let run = try await place.run([executable.string, "--version"])
            #expect(run.code == 0)
            #expect(run.output.contains(try Regex(#"^\d+\.\d+\.\d+ \(bundle format \d+(, commit [0-9a-f]+)?\)\n$"#)))
        }
    }
}
