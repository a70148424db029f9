extension YAMLNode {
    /// The node as YAML of one form: block style, in the order written, texts in quotes where anything else could be
    /// read; equal nodes give equal bytes. Ends with a line break.
    package func encoded() -> String {
        var lines: [String] = []
        write(to: &lines, indent: 0)
        return lines.map { "\($0)\n" }.joined()
    }

    /// This over `base`, as Helm puts values over each other: mappings key by key, anything else whole.
    package func merged(over base: YAMLNode) -> YAMLNode {
        guard let entries, let old = base.entries else { return self }
        var result = old.map { entry in
            guard let new = self[entry.key] else { return entry }
            return Entry(key: entry.key, keyLine: entry.keyLine, value: new.merged(over: entry.value))
        }
        result += entries.filter { base[$0.key] == nil }
        return YAMLNode(.mapping(result), line: base.line)
    }

    private func write(to lines: inout [String], indent: Int) {
        let space = String(repeating: " ", count: indent)
        switch content {
        case .scalar, .sequence([]), .mapping([]): lines.append(space + inline)
        case .sequence(let elements):
            for element in elements {
                guard element.isNested else {
                    lines.append("\(space)- \(element.inline)")
                    continue
                }
                lines.append("\(space)-")
                element.write(to: &lines, indent: indent + 2)
            }
        case .mapping(let entries):
            for entry in entries {
                let key = quotedUnlessPlain(entry.key)
                guard entry.value.isNested else {
                    lines.append("\(space)\(key): \(entry.value.inline)")
                    continue
                }
                lines.append("\(space)\(key):")
                entry.value.write(to: &lines, indent: indent + 2)
            }
        }
    }

    private var isNested: Bool {
        switch content {
        case .scalar: false
        case .sequence(let elements): !elements.isEmpty
        case .mapping(let entries): !entries.isEmpty
        }
    }

    private var inline: String {
        switch content {
        case .sequence: "[]"
        case .mapping: "{}"
        // Numbers, booleans and nothing are written with these characters, and so stay what they are.
        case .scalar(_, .plain) where isNull: "null"
        case .scalar(let text, .plain) where text.utf8.allSatisfy(isWordByte): text
        case .scalar(let text, _): quoted(text)
        }
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "._+-".utf8.contains(byte)
    }
}
