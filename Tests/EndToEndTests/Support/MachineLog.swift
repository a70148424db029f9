/// What a script printed on a machine, taken apart into the sections that `Scripts/sections.sh` makes.
struct MachineLog: Sendable {
    struct Section: Sendable {
        var status: Int
        var output: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// The script's own exit status.
    let status: Int
    let whole: String
    private let sections: [String: Section]

    init(status: Int, whole: String) {
        self.status = status
        self.whole = whole
        var sections: [String: Section] = [:]
        var name: String?
        var lines: [Substring] = []
        for line in whole.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("=== ") {
                name = String(line.dropFirst(4))
                lines = []
            } else if line.hasPrefix("--- "), let ended = name, let status = Int(line.dropFirst(4)) {
                // Where the output ended its last line, the newline before the mark made an empty one.
                if lines.last == "" { lines.removeLast() }
                sections[ended] = Section(status: status, output: lines.joined(separator: "\n"))
                name = nil
            } else {
                lines.append(line)
            }
        }
        self.sections = sections
    }

    /// A section; where it did not come to its end, one with the status -1 and all that the script printed.
    subscript(_ name: String) -> Section {
        sections[name] ?? Section(status: -1, output: "there is no section '\(name)' in\n\(whole)")
    }
}
