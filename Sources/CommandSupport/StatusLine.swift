/// One line that says how far something is, and gives up what matters least where a terminal is narrow.
package struct StatusLine {
    /// A part of the line.
    package struct Field {
        package var name: String
        package var text: String
        /// Columns of space before it, unless it comes first.
        package var gap: Int
        /// It is shortened in its middle, as suits names.
        package var isName: Bool

        package init(_ name: String, _ text: String, gap: Int = 2, isName: Bool = false) {
            self.name = name
            self.text = text
            self.gap = gap
            self.isName = isName
        }
    }

    /// What is given up for room, one after the other: a field by its name, and the columns that it keeps; 0 drops it.
    package typealias Concession = (field: String, columns: Int)

    private var fields: [Field]
    private let concessions: [Concession]

    /// A line of `fields`; empty ones are left out.
    package init(_ fields: [Field], giving concessions: [Concession]) {
        self.fields = fields.filter { !$0.text.isEmpty }
        self.concessions = concessions
    }

    /// The line in at most `columns`.
    package func fitted(to columns: Int) -> String {
        var line = self
        for (name, least) in concessions {
            let excess = line.width - columns
            guard excess > 0 else { break }
            guard let index = line.fields.firstIndex(where: { $0.name == name }) else { continue }
            if least == 0 {
                line.fields.remove(at: index)
            } else {
                let field = line.fields[index]
                let room = max(least, field.text.columnWidth - excess)
                line.fields[index].text = field.text.shortened(to: room, inside: field.isName)
            }
        }
        line.regrow(from: fields, to: columns)
        return line.text.shortened(to: columns)
    }

    /// Gives back what was shortened before something else was dropped.
    private mutating func regrow(from whole: [Field], to columns: Int) {
        for index in fields.indices {
            let spare = columns - width
            guard spare > 0, let original = whole.first(where: { $0.name == fields[index].name }) else { continue }
            fields[index].text = original.text.shortened(
                to: fields[index].text.columnWidth + spare, inside: original.isName)
        }
    }

    private var width: Int { text.columnWidth }

    private var text: String {
        fields.enumerated().map { index, field in
            (index == 0 ? "" : String(repeating: " ", count: field.gap)) + field.text
        }.joined()
    }
}
