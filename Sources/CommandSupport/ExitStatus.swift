/// What exit codes mean, for help, manual pages and reference: the only list of them.
package enum ExitStatus {
    /// One line: the code, and what it says.
    package struct Row: Hashable, Sendable {
        package var code: Int32
        package var meaning: String
    }

    /// All codes in order.
    package static var rows: [Row] {
        [Row(code: 0, meaning: "done, and all is well")]
            + Failure.Code.allCases.map { Row(code: $0.rawValue, meaning: $0.meaning) }
    }

    /// The section that closes both executables' overviews.
    package static var section: String {
        (["EXIT STATUS:"]
            + rows.map { row in
                "  \(row.code)" + String(repeating: " ", count: 6 - "\(row.code)".count) + row.meaning
            }).joined(separator: "\n")
    }
}

extension Failure.Code {
    /// What it says to a script.
    package var meaning: String {
        switch self {
        case .usage: "wrong usage: an unknown verb or option, a value that is none"
        case .data: "the input, or what was verified or checked, is not as it should be"
        case .noInput: "an input file is not there, or nothing is installed"
        case .unavailable: "a server, a socket or the cluster does not answer or is in use"
        case .software: "a step of the platform failed, or a bug"
        case .cantCreate: "the output can't be made, or is there already"
        case .inputOutput: "reading or writing failed: a full disk, a bad medium"
        case .permission: "not allowed: file permissions, or credentials that were refused"
        case .interrupted: "stopped by Ctrl-C or SIGTERM, or not confirmed"
        }
    }
}
