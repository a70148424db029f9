extension String {
    /// How many columns of a terminal the text takes: two for wide characters, none for marks that combine.
    ///
    /// Scalar by scalar, as terminals count; of a sequence that a terminal draws as one picture that is too much, never
    /// too little.
    package var columnWidth: Int {
        // Most of what is shown, and counted in a moment.
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return utf8.count }
        return unicodeScalars.reduce(0) { $0 + $1.columnWidth }
    }

    /// The text in at most `columns`: where it is longer, an ellipsis stands for what is left out.
    ///
    /// - Parameters:
    ///   - columns: the room.
    ///   - inside: the start and the end stay, as suits names and paths; otherwise only the start.
    /// - Returns: the text, or its shortened form.
    package func shortened(to columns: Int, inside: Bool = false) -> String {
        guard columnWidth > columns else { return self }
        let ellipsis = Terminal.showsUnicode ? "…" : "..."
        let room = columns - ellipsis.count
        guard room > 0 else { return String(ellipsis.prefix(max(columns, 0))) }
        // What tells names apart, a tag for example, stands at the end.
        let end = inside ? room * 3 / 5 : 0
        var start = Self.start(of: self, room - end)
        while start.last == " " { start.removeLast() }
        return start + ellipsis + String(Self.start(of: self.reversed(), end).reversed())
    }

    /// The first of `characters` that have room; none is cut in two.
    private static func start(of characters: some Sequence<Character>, _ columns: Int) -> String {
        var start = ""
        var left = columns
        for character in characters {
            left -= String(character).columnWidth
            guard left >= 0 else { break }
            start.append(character)
        }
        return start
    }
}

extension Unicode.Scalar {
    /// The columns of one scalar after Unicode's East Asian Width (UAX #11).
    fileprivate var columnWidth: Int {
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        // Vowels and final consonants of Hangul join the syllable before them.
        if (0x1160...0x11FF).contains(value) { return 0 }
        return properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
    }

    /// What is wide or full-width, in whole blocks.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
        0xA000...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD,
    ]
}
