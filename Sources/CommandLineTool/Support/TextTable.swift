/// Rows of texts below each other, as wide as the terminal allows.
struct TextTable {
    struct Column {
        let title: String
        /// Texts begin on the left, numbers end on the right.
        let isText: Bool

        init(_ title: String, isText: Bool = false) {
            self.title = title
            self.isText = isText
        }
    }

    var columns: [Column]
    private var rows: [(cells: [String], isAlarming: Bool)] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ cells: [String], isAlarming: Bool = false) {
        precondition(cells.count == columns.count, "a row has a cell for each of the \(columns.count) columns")
        rows.append((cells, isAlarming))
    }

    /// The title and the rows. Where they would not fit the style's width, the first column is cut in the middle.
    func lines(_ style: Style) -> [String] {
        var widths = columns.indices.map { column in
            rows.reduce(columns[column].title.count) { max($0, $1.cells[column].count) }
        }
        let total = widths.reduce(0, +) + 2 * (columns.count - 1)
        if let limit = style.width, total > limit { widths[0] = max(21, widths[0] - (total - limit)) }
        func line(_ cells: [String]) -> String {
            let padded = zip(zip(cells, widths), columns).map { cell, column in
                cell.0.shortened(to: cell.1).padded(cell.1, right: !column.isText)
            }
            return padded.joined(separator: "  ").trimmedAtEnd
        }
        return [style.bold(line(columns.map(\.title)))]
            + rows.map { $0.isAlarming ? style.red(line($0.cells)) : line($0.cells) }
    }
}

extension String {
    /// The text with its middle replaced by “…” if it is longer than `width` characters.
    func shortened(to width: Int) -> String {
        if count <= width { return self }
        let end = width / 2
        return prefix(Swift.max(0, width - 1 - end)) + "…" + suffix(end)
    }

    fileprivate var trimmedAtEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
