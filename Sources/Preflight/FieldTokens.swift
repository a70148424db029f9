/// The keys and scalars of one line of YAML or JSON, in their order.
struct FieldTokens: Sequence, IteratorProtocol {
    enum Token: Equatable {
        case key(String)
        case value(String)
    }

    private var rest: Substring.UTF8View

    init(_ line: Substring.UTF8View) { rest = line }

    mutating func next() -> Token? {
        var isApart = true
        while let byte = rest.first, Self.between.contains(byte) || rest.starts(with: "- ".utf8) {
            isApart = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            rest.removeFirst()
        }
        guard let first = rest.first, !(first == UInt8(ascii: "#") && isApart) else { return nil }
        let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        let text = isQuoted ? quoted(until: first) : plain()
        guard rest.first == UInt8(ascii: ":") else { return .value(text) }
        rest.removeFirst()
        return .key(text)
    }

    private static let between = Array(" \t{}[],".utf8)

    private mutating func quoted(until end: UInt8) -> String {
        rest.removeFirst()
        let text = rest.prefix { $0 != end }
        rest = rest.dropFirst(text.count + 1)
        return String(decoding: text, as: UTF8.self)
    }

    /// Up to what ends a plain scalar: a comma, a bracket, a comment, or a colon with a space behind it.
    private mutating func plain() -> String {
        var text: [UInt8] = []
        while let byte = rest.first {
            if rest.starts(with: "${{".utf8) {
                // A placeholder is one word, whatever it is made of.
                while let byte = rest.popFirst() {
                    text.append(byte)
                    if text.suffix(2).elementsEqual("}}".utf8) { break }
                }
                continue
            }
            let isEnd = byte == UInt8(ascii: ":") && rest.dropFirst().first.map { $0 == UInt8(ascii: " ") } != false
            guard !isEnd, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]"),
                !rest.starts(with: " #".utf8)
            else { break }
            text.append(byte)
            rest.removeFirst()
        }
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}
