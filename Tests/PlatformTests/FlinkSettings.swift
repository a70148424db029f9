import Definition

/// The text of a flink-conf.yaml: lines of `key: value`, comments between them.
struct FlinkSettings {
    private(set) var text: String

    var values: [String: String] {
        Dictionary(
            text.split(separator: "\n").compactMap(Self.pair).map { ($0.key, $0.value) }
        ) { _, last in last }
    }

    /// Gives `changes`' keys other values, where they are; throws where one is not.
    func with(_ changes: [String: String]) throws -> FlinkSettings {
        var left = Set(changes.keys)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard let pair = Self.pair(line), let value = changes[pair.key] else { return String(line) }
            left.remove(pair.key)
            return "\(pair.key): \(value)"
        }
        guard left.isEmpty else { throw Missing(keys: left.sorted()) }
        return FlinkSettings(text: lines.joined(separator: "\n"))
    }

    struct Missing: Error {
        let keys: [String]
    }

    private static func pair(_ line: Substring) -> (key: String, value: String)? {
        guard !line.hasPrefix("#"), let colon = line.firstRange(of: ": ") else { return nil }
        return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
    }
}

/// SQL as the bundle has it: statements that end in `;` at the end of a line.
struct FlinkSQL {
    let statements: [String]

    /// `run` is what the names of a run have in them.
    init(_ text: String, run: String) {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("--") }
        statements = lines.joined(separator: "\n").replacing("@run@", with: run)
            .split(separator: ";\n").map { statement in
                String(statement.hasSuffix(";") ? statement.dropLast() : statement)
            }
    }

    private init(statements: [String]) { self.statements = statements }

    /// The tables that are made, with what stands after `WITH`.
    var tables: [(name: String, options: [String])] {
        statements.compactMap { statement in
            guard let name = Self.table(of: statement), let with = statement.firstRange(of: ") WITH (\n") else {
                return nil
            }
            let options = statement[with.upperBound...].split(separator: "\n").dropLast().map { line in
                let option = line.drop { $0 == " " }
                return String(option.last == "," ? option.dropLast() : option)
            }
            return (name, options)
        }
    }

    /// The same SQL with files below `folder` instead of services; the options of the format stay.
    func onFiles(in folder: String) -> FlinkSQL {
        let options = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0.options) })
        return FlinkSQL(
            statements: statements.map { statement in
                guard let name = Self.table(of: statement), let with = statement.firstRange(of: ") WITH (\n") else {
                    return statement
                }
                let kept = (options[name] ?? []).filter { $0.hasPrefix("'format'") || $0.hasPrefix("'json.") }
                let new = ["'connector' = 'filesystem'", "'path' = 'file://\(folder)/\(name)'"] + kept
                return "\(statement[..<with.lowerBound])) WITH (\(new.joined(separator: ", ")))"
            })
    }

    private static func table(of statement: String) -> String? {
        let start = "CREATE TEMPORARY TABLE "
        guard statement.hasPrefix(start) else { return nil }
        return String(statement.dropFirst(start.count).prefix { $0 != " " })
    }
}
