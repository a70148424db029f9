/// The metric names in a PromQL expression.
struct PromQLNames {
    private static let aggregations: Set = [
        "sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile",
    ]
    private static let words: Set = ["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"]
    /// A list of labels in parentheses follows.
    private static let grouping: Set = ["by", "without", "on", "ignoring", "group_left", "group_right"]

    private var rest: Substring
    private(set) var names: Set<String> = []

    init(_ expression: String) {
        rest = expression[...]
        while let character = rest.first { take(character) }
    }

    private mutating func take(_ character: Character) {
        switch character {
        case "\"", "'", "`": skipString(character)
        case "{": skip(to: "}")
        case "[": skip(to: "]")
        case _ where character.isLetter || character == "_" || character == ":": takeWord()
        case _ where character.isNumber: rest = rest.drop { $0.isLetter || $0.isNumber || $0 == "." }
        default: rest.removeFirst()
        }
    }

    private mutating func takeWord() {
        let word = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
        rest = rest.dropFirst(word.count)
        let next = rest.first { !$0.isWhitespace }
        if Self.grouping.contains(word) {
            if next == "(" { skip(to: ")") }
        } else if next != "(" || word.contains(":"), !Self.aggregations.contains(word), !Self.words.contains(word) {
            names.insert(word)
        }
    }

    private mutating func skip(to end: Character) {
        while let character = rest.first, character != end {
            if character == "\"" { skipString(character) } else { rest.removeFirst() }
        }
        rest = rest.dropFirst()
    }

    private mutating func skipString(_ quote: Character) {
        rest.removeFirst()
        while let character = rest.first, character != quote {
            rest.removeFirst()
            if character == "\\", !rest.isEmpty { rest.removeFirst() }
        }
        rest = rest.dropFirst()
    }
}
