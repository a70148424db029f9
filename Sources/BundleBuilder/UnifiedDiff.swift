/// The difference of two texts in the unified format of POSIX diff(1), as `diff -u` and `git diff` print it.
package enum UnifiedDiff {
    /// Lines around a change that are shown with it.
    private static let context = 3
    /// More lines than a person reads; comparing them could take as long as their number's square.
    private static let lineLimit = 20_000

    /// One line of the result, and where it stands in the two texts.
    private struct Line {
        var sign: Character
        var text: Substring
        var old: Int
        var new: Int
    }

    /// The difference under two names; empty where there is none.
    package static func text(from old: String, to new: String, names: (old: String, new: String)) -> String {
        guard !isSame(old, new) else { return "" }
        let (oldLines, newLines) = (lines(of: old), lines(of: new))
        let head = "--- \(names.old)\n+++ \(names.new)\n"
        guard max(oldLines.count, newLines.count) <= lineLimit else {
            return head + "(\(oldLines.count) and \(newLines.count) lines: too many to compare)\n"
        }
        let lines = merged(oldLines, newLines)
        return head + hunks(of: lines).map { text(of: lines[$0]) }.joined()
    }

    /// Byte by byte: what looks alike may be spelled in two ways.
    private static func isSame(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    /// Split at line feeds only, also behind a carriage return, with which they are one character; a text that does not end with one has a last line that says so, as in diff(1).
    private static func lines(of text: String) -> [Substring] {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
        guard let last = lines.popLast() else { return [] }
        if !last.isEmpty { lines.append(last + "\n\\ No newline at end of file") }
        return lines
    }

    /// Both texts in one, what goes before what comes.
    private static func merged(_ old: [Substring], _ new: [Substring]) -> [Line] {
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in new.difference(from: old, by: isSame) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [Line] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if removed.contains(i) {
                lines.append(Line(sign: "-", text: old[i], old: i, new: j))
                i += 1
            } else if inserted.contains(j) {
                lines.append(Line(sign: "+", text: new[j], old: i, new: j))
                j += 1
            } else {
                lines.append(Line(sign: " ", text: new[j], old: i, new: j))
                i += 1
                j += 1
            }
        }
        return lines
    }

    /// Changes with the lines around them; those whose surroundings meet are one.
    private static func hunks(of lines: [Line]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for index in lines.indices where lines[index].sign != " " {
            let range = max(0, index - context)..<min(lines.count, index + context + 1)
            if let last = hunks.last, range.lowerBound <= last.upperBound {
                hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
            } else {
                hunks.append(range)
            }
        }
        return hunks
    }

    private static func text(of hunk: ArraySlice<Line>) -> String {
        guard let first = hunk.first else { return "" }
        let old = range(from: first.old, hunk.filter { $0.sign != "+" }.count)
        let new = range(from: first.new, hunk.filter { $0.sign != "-" }.count)
        return "@@ -\(old) +\(new) @@\n" + hunk.map { "\($0.sign)\($0.text)\n" }.joined()
    }

    /// `LINE,COUNT`, from 1 on; of no lines the one before, and a count of 1 is left out.
    private static func range(from start: Int, _ count: Int) -> String {
        count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
    }
}
