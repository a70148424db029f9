package import ArgumentParser
internal import BundleFormat
internal import Glibc

/// Runs an executable: its arguments are parsed, the command is run, and whatever goes wrong becomes a message and an exit
/// code. Returns where all went well.
package func runProgram<Root: AsyncParsableCommand>(_ root: Root.Type) async {
    Memory.hide()
    Interruption.prepare()
    Message.prepare()
    do {
        try VerbCheck.require(in: CommandLine.arguments.dropFirst(), of: root)
        var command = try root.parseAsRoot()
        if let talking = command as? any TalkingCommand { Verbosity.current = talking.verbosity.level }
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    } catch let failure as Failure {
        failure.write()
        exit(failure.code.rawValue)
    } catch {
        let text = root.fullMessage(for: error)
        if root.exitCode(for: error).isSuccess {
            let shown =
                text.hasPrefix("OVERVIEW: ")
                ? HelpText.arranged(text) : CompletionScript.improved(text, of: root._commandName)
            if !shown.isEmpty { Terminal.standardOutput.write(shown + "\n") }
            exit(0)
        }
        guard text.hasPrefix("Error: ") else { root.exit(withError: error) }
        let output = Terminal.standardError
        output.write("\(output.styled("error:", .red)) \(text.dropFirst("Error: ".count))\n")
        exit(root.exitCode(for: error).rawValue)
    }
}

/// Looks for verbs that don't exist before anything else does: of these ArgumentParser says only that they are
/// unexpected.
package enum VerbCheck {
    /// Throws ``Failure`` where the first words of `arguments` name no verb, with the verb that was meant.
    package static func require(in arguments: some Sequence<String>, of root: any ParsableCommand.Type) throws {
        var command: any ParsableCommand.Type = root
        var path = [name(of: root)]
        for word in arguments {
            // Options of commands that only have verbs end the program by themselves: --help, --version.
            guard !word.hasPrefix("-"), !command.configuration.subcommands.isEmpty else { return }
            if path.count == 1, word == "help" { continue }
            let verbs = command.configuration.subcommands
            guard let next = verbs.first(where: { name(of: $0) == word || $0.configuration.aliases.contains(word) })
            else {
                let overview = path.joined(separator: " ") + " --help"
                let suggestion = nearestName(to: word, among: verbs.map(name) + (path.count == 1 ? ["help"] : []))
                throw Failure(
                    "\(path.joined(separator: " ")) has no verb '\(word)'",
                    hint: (suggestion.map { "did you mean '\($0)'? " } ?? "") + "'\(overview)' lists the verbs",
                    code: .usage)
            }
            command = next
            path.append(word)
        }
    }

    private static func name(of command: any ParsableCommand.Type) -> String { command._commandName }
}
