/// Help as ArgumentParser makes it, with what its options don't reach put right.
enum HelpText {
    /// Groups of verbs under their own names, and the exit codes last, after what people look for.
    static func arranged(_ text: String) -> String {
        var paragraphs = text.split(separator: "\n\n", omittingEmptySubsequences: false).map { paragraph in
            paragraph.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.hasSuffix(" SUBCOMMANDS:") ? line.dropLast(" SUBCOMMANDS:".count) + ":" : line
            }.joined(separator: "\n")
        }
        if let index = paragraphs.firstIndex(where: { $0.hasPrefix("EXIT STATUS:") }) {
            let codes = paragraphs.remove(at: index)
            paragraphs.insert(codes, at: max(index, paragraphs.count - 1))
        }
        return paragraphs.joined(separator: "\n\n")
    }
}
