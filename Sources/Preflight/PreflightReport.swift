/// What preflight found, check by check.
package struct PreflightReport: Hashable, Sendable, Codable {
    /// How a check ended.
    package enum Status: String, Hashable, Sendable, Codable, CaseIterable {
        case pass, warn, fail
        /// Not looked at: it says nothing about what is to be done here.
        case skipped
    }

    /// One check.
    package struct Check: Hashable, Sendable, Codable {
        package let name: CheckName
        package let title: String
        package let status: Status
        /// What was found, in words and figures; for a skipped check, why.
        package let measured: String
        /// What is needed; empty for a skipped check.
        package let need: String
        /// What to do about it; only where something is not as it should be.
        package let remedy: String?
        /// Whether it failed and the operator has said that it may.
        package let waived: Bool
    }

    package let checks: [Check]
    /// Whether nothing failed but what was waived.
    package let isPassing: Bool

    package init(checks: [Check]) {
        self.checks = checks
        isPassing = checks.allSatisfy { $0.status != .fail || $0.waived }
    }

    /// The checks that failed and were waived, for the journal.
    package var waived: [CheckName] { checks.filter(\.waived).map(\.name) }

    /// The checks that stand in the way.
    package var failures: [Check] { checks.filter { $0.status == .fail && !$0.waived } }

    package subscript(name: CheckName) -> Check? { checks.first { $0.name == name } }
}

extension PreflightReport {
    /// The report as a table, one line a check, the remedy below what isn't as it should be, and a summary.
    package var text: String {
        let width = checks.map(\.name.rawValue.count).max() ?? 0
        var text = ""
        for check in checks {
            let mark = check.waived ? "WAIVED" : check.status.mark
            let need = check.need.isEmpty || check.status == .pass ? "" : " (needed: \(check.need))"
            text += "\(mark.padded(6))  \(check.name.rawValue.padded(width))  \(check.measured)\(need)\n"
            for line in (check.remedy ?? "").split(separator: "\n") {
                text += String(repeating: " ", count: width + 10) + "-> \(line)\n"
            }
        }
        let counts = Status.allCases.map { status in "\(checks.filter { $0.status == status }.count) \(status.rawValue)"
        }
        let waivers = waived.isEmpty ? "" : ", waived: \(waived.map(\.rawValue).joined(separator: ", "))"
        return text + "\n\(isPassing ? "ready" : "not ready"): \(counts.joined(separator: ", "))\(waivers)\n"
    }
}

extension PreflightReport.Status {
    fileprivate var mark: String {
        switch self {
        case .pass: "ok"
        case .warn: "warn"
        case .fail: "FAIL"
        case .skipped: "-"
        }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
