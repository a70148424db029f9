internal import BundleFormat
internal import FoundationEssentials
internal import OCI

/// How results are printed.
package enum OutputFormat: String, CaseIterable, Sendable {
    case text, json
}

/// Numbers and tables as people read them.
package enum Format {
    /// Bytes in decimal units, as disks and registries count them: `1.81 GB`.
    package static func bytes(_ count: Int64) -> String { ByteCount(count).description }

    /// `1m05s`, `12s`, `2h03m`.
    package static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m\(two(whole % 60))s"
        default: return "\(whole / 3600)h\(two(whole / 60 % 60))m"
        }
    }

    /// Columns as wide as their widest cell, two spaces apart; `rightAligned` columns are numbers.
    ///
    /// Cells come from bundles and clusters too: no cell moves the cursor or starts a line of its own.
    package static func table(_ rows: [[String]], rightAligned: Set<Int> = []) -> String {
        let rows = rows.map { $0.map { $0.printable() } }
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.count > column ? $0[column].columnWidth : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.columnWidth)
                return rightAligned.contains(column) ? space + cell : cell + space
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// A result as JSON: sorted keys, indented, one final newline.
    package static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    /// One JSON object on one line, for event streams.
    package static func jsonLine(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
