/// The names of the series in rows, each behind a sample of its line or dots.
struct Legend {
    struct Entry {
        let name: String
        let style: Series.Style
        /// The end of the names of its colour's classes.
        let color: String
        /// Of the sample, from the left end of the row.
        let x: Double
        let row: Int
    }

    static let rowHeight = 22.0
    static let sampleWidth = 22.0
    let entries: [Entry]
    let rowCount: Int

    /// Fills rows of the given width from left to right.
    init(_ series: [(series: Series, color: Int)], width: Double) {
        var (x, row) = (0.0, 0)
        var entries: [Entry] = []
        for (series, color) in series where !series.name.isEmpty {
            let needed = Self.sampleWidth + 8 + textWidth(series.name, size: 13) + 22
            if x > 0 && x + needed > width { (x, row) = (0, row + 1) }
            entries.append(
                Entry(
                    name: series.name, style: series.style, color: PlotStyle.colorClass(series, color), x: x, row: row))
            x += needed
        }
        self.entries = entries
        rowCount = entries.isEmpty ? 0 : row + 1
    }
}

/// About how wide a text will be in a usual sans-serif font: the drawing cannot ask, since the viewer picks the font.
func textWidth(_ text: String, size: Double) -> Double {
    text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x2E80 ? 1.0 : $1.properties.isUppercase ? 0.68 : 0.54) } * size
}
