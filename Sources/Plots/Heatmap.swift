/// Numbers in rows and columns, each drawn as a cell whose colour says how large it is.
///
/// The drawing follows the viewer's preference for light or dark, as `LinePlot` does. Cells of one colour are one path, so
/// that a map of several thousand cells stays a few tens of kilobytes.
public struct Heatmap: Sendable, Equatable {
    public var title: String
    /// What the columns and the rows are; nothing is written if it is empty.
    public var columnTitle = ""
    public var rowTitle = ""
    /// A name for each column and row. Where there is no room for all, some are written.
    public var columns: [String]
    public var rows: [String]
    /// A number for each row and column; `nil`, or what is not finite, leaves the cell empty. What is beyond the names
    /// is not drawn.
    public var values: [[Double?]]
    /// What is said of a cell beside its number when the pointer is on it, `[row][column]`; may be shorter.
    public var notes: [[String]] = []
    /// The number of the strongest colour; the largest size of a finite value if `nil`.
    public var limit: Double?
    /// The height of a cell by its width; 1 makes squares.
    public var cellAspect = 1.0

    public init(_ title: String = "", columns: [String], rows: [String], values: [[Double?]]) {
        self.title = title
        self.columns = columns
        self.rows = rows
        self.values = values
    }

    /// The drawing, as the text of an SVG 1.1 file in UTF-8.
    /// - Complexity: O(number of cells).
    public func svg(appearance: Appearance = .automatic) -> String {
        HeatmapDrawing(self, appearance: appearance).text
    }

    /// The number in a cell, if it has one.
    func value(_ row: Int, _ column: Int) -> Double? {
        guard values.indices.contains(row), values[row].indices.contains(column) else { return nil }
        return values[row][column].flatMap { $0.isFinite ? $0 : nil }
    }

    /// The number of the strongest colour.
    var strongest: Double {
        if let limit, limit.isFinite, limit > 0 { return limit }
        let found =
            rows.indices.lazy.flatMap { row in columns.indices.lazy.map { abs(value(row, $0) ?? 0) } }.max() ?? 0
        return found > 0 ? found : 1
    }

    /// Whether any number is below 0: then 0 is in the middle of the key.
    var hasNegative: Bool {
        rows.indices.contains { row in columns.indices.contains { (value(row, $0) ?? 0) < 0 } }
    }
}
