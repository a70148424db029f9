/// Puts the values of parameters in the place of `${{ name }}` in a text.
///
/// Purely textual, and line for line: a value never holds a line break, so line numbers of the result are those of the
/// text. `$${{` stands for a literal `${{`.
package struct ParameterExpansion: Sendable {
    private let known: [String]
    private let values: [String: String]

    /// Takes the values by parameter name; throws where one is unknown or not what its parameter takes.
    package init(parameters: [Parameter], values: [String: String]) throws(ParameterError) {
        known = parameters.map(\.name).sorted()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                throw .unknown(name: name, line: nil, known: known)
            }
            try parameter.validate(value)
        }
        self.values = values
    }

    /// `text` with every placeholder replaced; throws with the line of the first that names no parameter with a value.
    package func expand(_ text: String) throws(ParameterError) -> String {
        var result = ""
        for piece in try Self.pieces(of: text) {
            switch piece {
            case .text(let text): result += text
            case .placeholder(let name, let line):
                guard let value = values[name] else {
                    throw known.contains(name)
                        ? .unset(name: name, line: line) : .unknown(name: name, line: line, known: known)
                }
                result += value
            }
        }
        return result
    }

    /// The names that `text` has placeholders for, whether or not such parameters exist.
    package static func names(in text: String) throws(ParameterError) -> Set<String> {
        var names: Set<String> = []
        for case .placeholder(let name, _) in try pieces(of: text) { names.insert(name) }
        return names
    }

    private enum Piece {
        case text(String)
        case placeholder(name: String, line: Int)
    }

    private static let opening = Array("${{".utf8)
    private static let closing = Array("}}".utf8)

    private static func pieces(of text: String) throws(ParameterError) -> [Piece] {
        let bytes = Array(text.utf8)
        var pieces: [Piece] = []
        var line = 1
        var start = 0
        var position = 0
        func flush() {
            if start < position { pieces.append(.text(String(decoding: bytes[start..<position], as: UTF8.self))) }
        }
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "$") else {
                if bytes[position] == UInt8(ascii: "\n") { line += 1 }
                position += 1
                continue
            }
            if bytes[(position + 1)...].starts(with: opening) {
                // Dropping the first '$' leaves the literal; the rest is copied with the text that follows it.
                flush()
                start = position + 1
                position = start + opening.count
            } else if bytes[position...].starts(with: opening) {
                flush()
                let inside = bytes[(position + opening.count)...].prefix { $0 != UInt8(ascii: "\n") }
                guard let end = inside.indices.first(where: { inside[$0...].starts(with: closing) }) else {
                    throw .unclosed(line: line)
                }
                let written = String(decoding: inside[..<end], as: UTF8.self)
                let name = String(written.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                guard Parameter.isName(name) else { throw .malformedName(name, line: line) }
                pieces.append(.placeholder(name: name, line: line))
                position = end + closing.count
                start = position
            } else {
                position += 1
            }
        }
        flush()
        return pieces
    }
}

/// Why a parameter or its value can't be used.
package enum ParameterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing of that name is declared; `line` where a placeholder in a text names it.
    case unknown(name: String, line: Int?, known: [String])
    /// Declared, but it has neither a default nor was it given a value.
    case unset(name: String, line: Int)
    /// A `${{` without its `}}` on the same line.
    case unclosed(line: Int)
    /// What stands between `${{` and `}}` is no name.
    case malformedName(String, line: Int)
    /// The definition has no such profile.
    case unknownProfile(String, known: [String])
    /// Not a value of the parameter's kind.
    case invalid(name: String, value: String, rule: String)
    /// An image of the bundle depends on the value that it was built with.
    case frozen(name: String, value: String)

    /// The line of the text that was being expanded.
    package var line: Int? {
        switch self {
        case .unknown(_, let line, _): line
        case .unset(_, let line), .unclosed(let line), .malformedName(_, let line): line
        case .unknownProfile, .invalid, .frozen: nil
        }
    }

    package var description: String {
        switch self {
        case .unknown(let name, _, let known):
            known.isEmpty
                ? "unknown parameter '\(name)': the bundle has no parameters"
                : known.count > 12
                    ? "unknown parameter '\(name)': it is none of the bundle's \(known.count)"
                    : "unknown parameter '\(name)': the parameters are \(known.joined(separator: ", "))"
        case .unset(let name, _): "parameter '\(name)' has no value"
        case .unclosed: "'${{' is not closed by '}}' on the same line"
        case .malformedName(let name, _): "'\(name)' is no parameter name: a letter, then letters, digits, '_' and '-'"
        case .unknownProfile(let name, let known):
            known.isEmpty
                ? "unknown profile '\(name)': the bundle has no profiles"
                : "unknown profile '\(name)': the profiles are \(known.joined(separator: ", "))"
        case .invalid(let name, let value, let rule):
            Parameter.isSecret(name)
                ? "parameter '\(name)' can't have the value that it was given: \(rule)"
                : "parameter '\(name)' can't be '\(Parameter.printable(value))': \(rule)"
        case .frozen(let name, let value):
            "parameter '\(name)' can't be changed: images of this bundle were chosen with '\(value)'"
        }
    }

    /// What to do about it, where there is something to say.
    package var hint: String? {
        switch self {
        case .unknown(let name, _, let known):
            nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
                ?? (known.count > 12 ? "inspect ARCHIVE --parameters lists them, as bundle.yaml does" : nil)
        case .unknownProfile(let name, let known):
            nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
        case .unset(let name, _): "give it with --set \(name)=VALUE, or a default in the definition"
        case .unclosed, .malformedName: "a literal '${{' is written '$${{'"
        case .invalid: nil
        case .frozen: "build the bundle again with another value"
        }
    }
}
