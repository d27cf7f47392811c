/// Lays a heatmap out and draws it.
struct HeatmapDrawing {
    private let map: Heatmap
    let left: Double
    let top: Double
    let cellWidth: Double
    let cellHeight: Double
    let width: Double
    private let height: Double
    private let columnRoom: Double
    private var svg = SVG()

    var text: String { svg.text }

    /// The least width in pixels at which the names can still be read and the cells be touched.
    var leastWidth: Double { 0.75 * width }

    /// - Parameter appearance: `nil` for a part of a page, which has the style rules itself.
    init(_ map: Heatmap, appearance: Appearance?) {
        self.map = map
        let columnCount = Double(max(1, map.columns.count))
        let names = map.rows.map { textWidth($0, size: 12) }.max() ?? 0
        left = 24 + min(150, names) + 8 + (map.rowTitle.isEmpty ? 0 : 22)
        cellWidth = min(40, max(3, (840 - left - 24) / columnCount))
        cellHeight = min(40, max(2, cellWidth * map.cellAspect))
        width = max(360, left + cellWidth * columnCount + 24)
        top = map.title.isEmpty ? 20 : 54
        let longest = map.columns.map { textWidth($0, size: 12) }.max() ?? 0
        columnRoom = longest > cellWidth * 1.6 ? min(110, longest) + 14 : 22
        let footer = columnRoom + (map.columnTitle.isEmpty ? 0 : 22) + 44
        height = top + cellHeight * Double(max(1, map.rows.count)) + footer
        draw(appearance)
    }

    private mutating func draw(_ appearance: Appearance?) {
        let frame: KeyValuePairs<String, SVG.Attribute> =
            appearance == nil
            ? ["viewBox": "0 0 \(width) \(height)", "role": "img", "class": "plot-text"]
            : [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(width) \(height)", "width": "\(width)",
                "height": "\(height)", "role": "img", "class": "plot-text",
            ]
        svg.open("svg", frame)
        if !map.title.isEmpty { svg.element("title", [:], text: map.title) }
        if let appearance {
            svg.element("style", [:], text: PlotStyle.rules(appearance) + HeatColors.rules(appearance))
        }
        svg.element("rect", ["class": "plot-background", "width": "\(width)", "height": "\(height)"])
        if !map.title.isEmpty { label(map.title, x: 24, y: 34, "plot-title plot-ink") }
        drawCells()
        drawNames()
        drawKey()
        svg.close()
    }

    /// One path for each colour, in units of cells: neighbours in a row are one rectangle.
    private mutating func drawCells() {
        var paths: [Int: String] = [:]
        let strongest = map.strongest
        for row in map.rows.indices {
            var start = 0
            var current: Int?
            for column in 0...map.columns.count {
                let level =
                    column < map.columns.count
                    ? map.value(row, column).map { HeatColors.level($0, strongest: strongest) } : nil
                if level == current { continue }
                if let current {
                    paths[current, default: ""] += "M\(start) \(row)h\(column - start)v1h-\(column - start)z"
                }
                (start, current) = (column, level)
            }
        }
        svg.open(
            "g",
            [
                "transform": "translate(\(left),\(top)) scale(\(cellWidth),\(cellHeight))",
                "shape-rendering": "crispEdges",
            ])
        for (level, path) in paths.sorted(by: { $0.key < $1.key }) {
            svg.element("path", ["class": "\(HeatColors.name(level))", "d": "\(path)"])
        }
        svg.close()
    }

    private mutating func drawNames() {
        let rowStep = max(1, Int((13 / cellHeight).rounded(.up)))
        for (row, name) in map.rows.enumerated() where row % rowStep == 0 {
            let y = top + (Double(row) + 0.5) * cellHeight + 4
            label(name, x: left - 8, y: y, "plot-tick plot-quiet", anchor: "end")
        }
        let bottom = top + cellHeight * Double(map.rows.count)
        let isTurned = columnRoom > 22
        let needed = isTurned ? 13 : (map.columns.map { textWidth($0, size: 12) }.max() ?? 0) + 6
        let columnStep = max(1, Int((needed / cellWidth).rounded(.up)))
        for (column, name) in map.columns.enumerated() where column % columnStep == 0 {
            let x = left + (Double(column) + 0.5) * cellWidth
            if isTurned {
                svg.open("g", ["transform": "translate(\(x + 4),\(bottom + 8)) rotate(-90)"])
                label(name, x: 0, y: 0, "plot-tick plot-quiet", anchor: "end")
                svg.close()
            } else {
                label(name, x: x, y: bottom + 16, "plot-tick plot-quiet", anchor: "middle")
            }
        }
        if !map.columnTitle.isEmpty {
            let x = left + cellWidth * Double(map.columns.count) / 2
            label(map.columnTitle, x: x, y: bottom + columnRoom + 14, "plot-label plot-quiet", anchor: "middle")
        }
        if !map.rowTitle.isEmpty {
            svg.open("g", ["transform": "translate(24,\((top + bottom) / 2)) rotate(-90)"])
            label(map.rowTitle, x: 0, y: 0, "plot-label plot-quiet", anchor: "middle")
            svg.close()
        }
    }

    /// The colours from the least to the greatest, with the numbers at the ends.
    private mutating func drawKey() {
        let levels = Array((map.hasNegative ? -HeatColors.count : 0)...HeatColors.count)
        let (y, step) = (height - 26, map.hasNegative ? 6.0 : 10.0)
        let low = map.hasNegative ? KeyNumber.text(-map.strongest) : "0"
        let start = left + textWidth(low, size: 12) + 8
        label(low, x: start - 8, y: y + 10, "plot-tick plot-quiet", anchor: "end")
        for (index, level) in levels.enumerated() {
            svg.element(
                "rect",
                [
                    "class": "\(HeatColors.name(level))", "x": "\(start + Double(index) * step)", "y": "\(y)",
                    "width": "\(step)", "height": "12", "shape-rendering": "crispEdges",
                ])
        }
        let end = start + Double(levels.count) * step
        label(KeyNumber.text(map.strongest), x: end + 8, y: y + 10, "plot-tick plot-quiet")
    }

    private mutating func label(_ text: String, x: Double, y: Double, _ style: String, anchor: String = "start") {
        svg.element("text", ["class": "\(style)", "x": "\(x)", "y": "\(y)", "text-anchor": "\(anchor)"], text: text)
    }

    /// What a page's script needs to show the number under the pointer, as JSON.
    var hoverData: String {
        let cells = map.rows.indices.map { row in
            let numbers = map.columns.indices.map { column in
                map.value(row, column).map(KeyNumber.json) ?? "null"
            }
            return "[\(numbers.joined(separator: ","))]"
        }
        let notes = map.notes.map { row in "[\(row.map(PlotPage.json).joined(separator: ","))]" }
        func list(_ names: [String]) -> String { names.map(PlotPage.json).joined(separator: ",") }
        return """
            {"left":\(left),"top":\(top),"cellWidth":\(cellWidth),"cellHeight":\(cellHeight),\
            "columns":[\(list(map.columns))],"rows":[\(list(map.rows))],"values":[\(cells.joined(separator: ","))],\
            "notes":[\(notes.joined(separator: ","))]}
            """
    }
}

/// Numbers of three digits.
package enum KeyNumber {
    package static func text(_ value: Double) -> String {
        guard value != 0 else { return "0" }
        let exponent = decimalExponent(abs(value))
        if exponent < -3 || exponent > 5 {
            return NumberText.fixed(value / powerOfTen(exponent), decimals: 1) + "e\(exponent)"
        }
        return NumberText.fixed(value, decimals: max(0, 2 - exponent))
    }

    static func json(_ value: Double) -> String {
        text(value).replacing("−", with: "-")
    }
}
