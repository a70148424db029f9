/// A table that a script can sort and filter, and that is whole without one.
struct PageTable {
    struct Column {
        var title: String
        /// What the page's address calls it; `nil` where it can't be sorted by.
        var key: String?
        var isNumber = false
        /// Whether rows that are written by a machine are in it: digests, paths.
        var isCode = false
    }

    struct Cell {
        var content: Markup
        /// What a number is sorted by.
        var value: Int64?

        init(_ content: Markup) { self.content = content }

        init(text: some CustomStringConvertible) { content = "\(text)" }

        init(number: Int) { (content, value) = ("\(number)", Int64(number)) }

        init(_ content: Markup, value: Int64) { (self.content, self.value) = (content, value) }
    }

    var id: String
    /// What the table is about, for those who don't see what stands above it.
    var caption: String
    var columns: [Column]
    /// What a field to filter the rows by is called; `nil` for none.
    var filter: String?
    /// The column that the rows are sorted by, largest first.
    var sorted: String?

    /// The table; `ids` name rows that something else on the page leads to.
    func html(_ rows: [[Cell]], ids: [Int: String] = [:]) -> Markup {
        let head = columns.map { column in
            let name: Markup = column.isNumber ? " class=\"number\"" : ""
            let key: Markup = column.key.map { " data-key=\"\($0)\"" } ?? ""
            let order: Markup = column.key != nil && column.key == sorted ? " aria-sort=\"descending\"" : ""
            return "<th scope=\"col\"\(name)\(key)\(order)>\(column.title)</th>" as Markup
        }
        let body = rows.enumerated().map { index, row in
            let id: Markup = ids[index].map { " id=\"\($0)\"" } ?? ""
            return "<tr\(id)>\(zip(columns, row).map(Self.cell).joined())</tr>\n" as Markup
        }
        return """
            \(field)<div class="scroll" role="region" aria-label="\(caption)" tabindex="0">
            <table id="\(id)"><caption>\(caption)</caption>
            <thead><tr>\(head.joined())</tr></thead>
            <tbody>
            \(body.joined())</tbody></table>
            </div>
            """
    }

    private static func cell(_ column: Column, _ cell: Cell) -> Markup {
        let names = (column.isNumber ? ["number"] : []) + (column.isCode ? ["code"] : [])
        let name: Markup = names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
        let value: Markup = cell.value.map { " data-value=\"\($0)\"" } ?? ""
        return "<td\(name)\(value)>\(cell.content)</td>"
    }

    private var field: Markup {
        guard let filter else { return "" }
        return """
            <p class="filter" hidden><label for="\(id)-filter">\(filter)</label> \
            <input id="\(id)-filter" type="search" data-table="\(id)" autocomplete="off" spellcheck="false"> \
            <output for="\(id)-filter"></output></p>

            """
    }
}
