/// A place in a file that the user wrote.
package struct SourceLocation: Hashable, Sendable {
    /// The file as messages show it: as reached from where the user stands.
    package let file: String
    /// Counted from 1; `nil` where the file as a whole is meant.
    package let line: Int?
    package let column: Int?

    package init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `file[:line[:column]]`, the form that editors jump to.
    package var description: String {
        file + (line.map { ":\($0)" } ?? "") + (column.map { ":\($0)" } ?? "")
    }
}
