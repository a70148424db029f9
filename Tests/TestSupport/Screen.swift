/// What somebody sees on a terminal: an interpreter of the few control sequences that progress is drawn with.
///
/// Whatever it doesn't know is kept in ``unknown``, so that a test fails rather than sees something else than a person.
package struct Screen: Sendable {
    /// What a terminal does with lines that no longer fit.
    package enum Resizing: Sendable, CaseIterable {
        /// They are cut, as xterm does.
        case cuts
        /// They are broken anew, and joined when there is room again, as most others do.
        case breaks
    }

    /// One row; it goes on in the next where a line was too long for it.
    private struct Row {
        /// `nil` is the second half of a wide character.
        var cells: [Character?] = []
        var goesOn = false
    }

    private var rows: [Row] = [Row()]
    private var row = 0
    private var column = 0
    /// The first row that is on the screen; those above have scrolled away.
    private var top = 0
    private var columns: Int
    private let height: Int
    private var wraps = true
    private let resizing: Resizing
    private let width: @Sendable (Character) -> Int
    private var pending: [UInt8] = []
    /// Control sequences that it doesn't know.
    package private(set) var unknown: [String] = []
    /// How often something was drawn: each of our frames ends by switching wrapping on.
    package private(set) var frames = 0

    /// An empty screen; `width` tells how many columns a character takes.
    package init(
        columns: Int, rows: Int = 24, resizing: Resizing = .cuts,
        width: @escaping @Sendable (Character) -> Int = { _ in 1 }
    ) {
        self.columns = columns
        height = rows
        self.resizing = resizing
        self.width = width
    }

    /// Everything that was ever written, as it stands now, without the blank lines at the end.
    package var lines: [String] {
        var lines = rows.map { row -> String in
            var text = String(row.cells.compactMap(\.self))
            while text.last == " " { text.removeLast() }
            return text
        }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    /// Where the cursor is: the number of lines above it, and the columns before it.
    package var cursor: (row: Int, column: Int) { (row, column) }

    /// Takes what a program wrote; a part of a sequence waits for its rest.
    package mutating func feed(_ bytes: some Sequence<UInt8>) {
        pending += bytes
        while let first = pending.first {
            if first == 0x1B {
                guard let end = pending.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else { return }
                control(String(decoding: pending[2..<end], as: UTF8.self), Character(Unicode.Scalar(pending[end])))
                pending.removeFirst(end + 1)
            } else {
                let end = pending.firstIndex { $0 < 0x20 } ?? pending.endIndex
                if end > 0 {
                    for character in String(decoding: pending[..<end], as: UTF8.self) { put(character) }
                    pending.removeFirst(end)
                } else {
                    control(first)
                    pending.removeFirst()
                }
            }
        }
    }

    private mutating func control(_ byte: UInt8) {
        switch byte {
        case 0x0D: column = 0
        case 0x0A: newRow()
        default: unknown.append("byte \(byte)")
        }
    }

    private mutating func control(_ parameters: String, _ final: Character) {
        let number = Int(parameters) ?? 1
        switch (parameters, final) {
        case (_, "A"): row = max(top, row - number)
        case ("", "K"): rows[row].cells.removeLast(max(0, rows[row].cells.count - column))
        case ("", "J"):
            rows[row].cells.removeLast(max(0, rows[row].cells.count - column))
            rows[row].goesOn = false
            rows.removeLast(rows.count - row - 1)
        case ("?7", "l"): wraps = false
        case ("?7", "h"):
            wraps = true
            frames += 1
        case (_, "m"): break
        default: unknown.append(parameters + String(final))
        }
    }

    private mutating func newRow() {
        row += 1
        if row == rows.count { rows.append(Row()) }
        top = max(top, row - height + 1)
    }

    private mutating func put(_ character: Character) {
        let width = width(character)
        if column + width > columns {
            guard wraps else { return }
            rows[row].goesOn = true
            newRow()
            column = 0
        }
        while rows[row].cells.count < column + width { rows[row].cells.append(" ") }
        rows[row].cells[column] = character
        if width == 2 { rows[row].cells[column + 1] = nil }
        column += width
    }

    /// Gives the window another width.
    package mutating func resize(columns new: Int) {
        columns = new
        guard resizing == .breaks else {
            for index in rows.indices { rows[index].cells.removeLast(max(0, rows[index].cells.count - new)) }
            column = min(column, new - 1)
            return
        }
        var broken: [Row] = []
        var line: [Character?] = []
        var place: Int?
        var cursor = (row: 0, column: 0)
        for (index, old) in rows.enumerated() {
            if index == row { place = line.count + column }
            line += old.cells
            if old.goesOn { continue }
            let first = broken.count
            repeat {
                broken.append(Row(cells: Array(line.prefix(new)), goesOn: line.count > new))
                line.removeFirst(min(new, line.count))
            } while !line.isEmpty
            if let at = place { cursor = (min(first + at / new, broken.count - 1), at % new) }
            place = nil
        }
        rows = broken
        (row, column) = cursor
        top = max(0, max(top, row - height + 1))
    }
}
