/// Lays a plot out and draws it, from the background to the dots.
struct LinePlotDrawing {
    private let plot: LinePlot
    let series: [(series: Series, color: Int)]
    private let legend: Legend
    let xAxis: FittedAxis
    let yAxis: FittedAxis
    let left: Double
    let top: Double
    let right: Double
    let bottom: Double
    private let height: Double
    private let isEmpty: Bool
    private var svg = SVG()

    var text: String { svg.text }

    /// - Parameter appearance: `nil` for a part of a page, which has the style rules itself.
    init(_ plot: LinePlot, appearance: Appearance?) {
        self.plot = plot
        series = plot.coloredSeries
        let visible = plot.series.lazy.flatMap(\.points).filter { plot.x.shows($0.x) && plot.y.shows($0.y) }
        isEmpty = visible.first { _ in true } == nil

        legend = Legend(series, width: plot.size.width - 48)
        let header = (plot.title.isEmpty ? 0 : 28) + Double(legend.rowCount) * Legend.rowHeight
        top = header + (header > 0 ? 26 : 18)
        let footer = plot.x.title.isEmpty ? 34.0 : 58
        // A legend of many rows makes a low drawing higher rather than leave no room for the plot.
        height = max(plot.size.height, top + 80 + footer)
        bottom = height - footer
        yAxis = plot.y.fitted(to: visible.map(\.y), margin: 0.05, length: bottom - top, spacing: 46)
        let labels = yAxis.ticks.map { textWidth($0.label, size: 12) }.max() ?? 0
        left = 20 + labels + (plot.y.title.isEmpty ? 0 : 26)
        right = plot.size.width - 28
        let hasDots = plot.series.contains { $0.style == .dots || $0.style == .dottedLine }
        xAxis = plot.x.fitted(
            to: visible.map(\.x), margin: hasDots ? 0.012 : 0, length: max(1, right - left), spacing: 92)
        draw(appearance)
    }

    private mutating func draw(_ appearance: Appearance?) {
        let width = plot.size.width
        let frame: KeyValuePairs<String, SVG.Attribute> =
            appearance == nil
            ? ["viewBox": "0 0 \(width) \(height)", "role": "img", "class": "plot-text"]
            : [
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(width) \(height)", "width": "\(width)",
                "height": "\(height)", "role": "img", "class": "plot-text",
            ]
        svg.open("svg", frame)
        if !plot.title.isEmpty { svg.element("title", [:], text: plot.title) }
        if let appearance {
            let ramp = series.contains { $0.series.shade != nil } ? PlotStyle.rampRules(appearance) : ""
            svg.element("style", [:], text: PlotStyle.rules(appearance) + ramp)
        }
        svg.element("rect", ["class": "plot-background", "width": "\(width)", "height": "\(height)"])
        drawHeader()
        drawAxes()
        if isEmpty {
            label("no data", x: (left + right) / 2, y: (top + bottom) / 2, "plot-label plot-quiet", anchor: "middle")
        }
        // A nested drawing clips at its edge without an id, which would clash with other drawings on one page.
        svg.open(
            "svg",
            [
                "x": "\(left)", "y": "\(top)", "width": "\(max(1, right - left))", "height": "\(bottom - top)",
                "viewBox": "\(left) \(top) \(max(1, right - left)) \(bottom - top)",
            ])
        for (series, color) in series where series.style != .dots { drawLine(series, color) }
        svg.close()
        for (series, color) in series { drawDots(series, color) }
        svg.close()
    }

    private mutating func drawHeader() {
        var y = 34.0
        if !plot.title.isEmpty {
            label(plot.title, x: 24, y: y, "plot-title plot-ink")
            y += 26
        }
        for entry in legend.entries {
            let (x, y) = (24 + entry.x, y + Double(entry.row) * Legend.rowHeight - 4.5)
            if entry.style != .dots {
                let path: SVG.Attribute = "M\(x),\(y)h\(Legend.sampleWidth)"
                svg.element("path", ["class": lineClass(entry.style, entry.color), "d": path])
            }
            if entry.style == .dots || entry.style == .dottedLine {
                dot(x + Legend.sampleWidth / 2, y, entry.color, radius: 4)
            }
            label(entry.name, x: x + Legend.sampleWidth + 8, y: y + 4.5, "plot-label plot-ink")
        }
    }

    private mutating func drawAxes() {
        for tick in yAxis.ticks {
            guard let y = vertical(tick.value) else { continue }
            svg.element("path", ["class": "plot-grid", "d": "M\(left),\(crisp(y))H\(right)"])
            label(tick.label, x: left - 9, y: y + 4, "plot-tick plot-quiet", anchor: "end")
        }
        for tick in xAxis.ticks {
            guard let x = horizontal(tick.value) else { continue }
            svg.element("path", ["class": "plot-grid", "d": "M\(crisp(x)),\(top)V\(bottom)"])
            label(tick.label, x: x, y: bottom + 19, "plot-tick plot-quiet", anchor: "middle")
        }
        svg.element("path", ["class": "plot-axis", "d": "M\(left),\(crisp(bottom))H\(right)"])
        if !plot.x.title.isEmpty {
            label(plot.x.title, x: (left + right) / 2, y: bottom + 43, "plot-label plot-quiet", anchor: "middle")
        }
        if !plot.y.title.isEmpty {
            svg.open("g", ["transform": "translate(24,\((top + bottom) / 2)) rotate(-90)"])
            label(plot.y.title, x: 0, y: 0, "plot-label plot-quiet", anchor: "middle")
            svg.close()
        }
    }

    private mutating func drawLine(_ series: Series, _ index: Int) {
        let color = PlotStyle.colorClass(series, index)
        var path = ""
        var lone: [Point] = []
        for segment in segments(series.points) {
            if segment.count == 1 { lone += segment }
            for (index, point) in decimated(segment).enumerated() where segment.count > 1 {
                path += (index == 0 ? "M" : "L") + NumberText.coordinate(point.x) + "," + NumberText.coordinate(point.y)
            }
        }
        if !path.isEmpty { svg.element("path", ["class": lineClass(series.style, color), "d": "\(path)"]) }
        for point in decimated(lone) { dot(point.x, point.y, color, radius: series.style == .line ? 2.5 : 1) }
    }

    private mutating func drawDots(_ series: Series, _ index: Int) {
        guard series.style == .dots || series.style == .dottedLine else { return }
        let color = PlotStyle.colorClass(series, index)
        for point in segments(series.points).flatMap(decimated) {
            let inside =
                point.x >= left - 0.5 && point.x <= right + 0.5 && point.y >= top - 0.5 && point.y <= bottom + 0.5
            if inside { dot(point.x, point.y, color, radius: 4) }
        }
    }

    /// The runs of points that have a place on the axes, in pixels.
    private func segments(_ points: [Point]) -> [[Point]] {
        var result: [[Point]] = []
        var current: [Point] = []
        for point in points {
            if let x = horizontal(point.x), let y = vertical(point.y) {
                current.append(Point(x: x, y: y))
            } else if !current.isEmpty {
                result.append(current)
                current = []
            }
        }
        return current.isEmpty ? result : result + [current]
    }

    private func horizontal(_ value: Double) -> Double? {
        xAxis.fraction(value).map { left + min(max($0, -20), 20) * (right - left) }
    }

    private func vertical(_ value: Double) -> Double? {
        yAxis.fraction(value).map { bottom - min(max($0, -20), 20) * (bottom - top) }
    }

    /// The middle of a pixel, where a line one pixel wide is sharp.
    private func crisp(_ position: Double) -> Double { position.rounded(.down) + 0.5 }

    private func lineClass(_ style: Series.Style, _ color: String) -> SVG.Attribute {
        let width = style == .faintLine ? " plot-faint" : style == .dottedLine ? " plot-thin" : ""
        return "plot-line\(width) plot-stroke\(color)"
    }

    /// A ring in the colour of the background sets a big dot off from lines and other dots.
    private mutating func dot(_ x: Double, _ y: Double, _ color: String, radius: Double) {
        let ring = radius > 3 ? " plot-dot" : ""
        svg.element(
            "circle", ["class": "plot-fill\(color)\(ring)", "cx": "\(x)", "cy": "\(y)", "r": "\(radius)"])
    }

    private mutating func label(_ text: String, x: Double, y: Double, _ style: String, anchor: String = "start") {
        svg.element("text", ["class": "\(style)", "x": "\(x)", "y": "\(y)", "text-anchor": "\(anchor)"], text: text)
    }
}

extension LinePlotDrawing {
    /// What a page's script needs to show the numbers under the pointer, as JSON: the plot's place in the drawing in
    /// pixels, both axes' ends in transformed numbers, and the points of the series that have names.
    var hoverData: String {
        let named = series.filter { !$0.series.name.isEmpty }
        let lists = named.map { series, color in
            let points = thinned(series.points.filter { xAxis.fraction($0.x) != nil && yAxis.fraction($0.y) != nil })
            let numbers = points.map { "\(Self.rounded($0.x)),\(Self.rounded($0.y))" }.joined(separator: ",")
            let isDotted = series.style == .dots || series.style == .dottedLine
            return """
                {"name":\(PlotPage.json(series.name)),"color":"\(PlotStyle.colorClass(series, color))",\
                "dots":\(isDotted),"points":[\(numbers)]}
                """
        }
        return """
            {"left":\(left),"right":\(right),"top":\(top),"bottom":\(bottom),"x":\(Self.json(xAxis)),"y":\(Self.json(yAxis)),\
            "series":[\(lists.joined(separator: ","))]}
            """
    }

    private static func json(_ axis: FittedAxis) -> String {
        """
        {"title":\(PlotPage.json(axis.axis.title)),"low":\(axis.low),"high":\(axis.high),\
        "log":\(axis.axis.scale == .logarithmic)}
        """
    }

    /// Not more points than a pointer can tell apart.
    private func thinned(_ points: [Point]) -> [Point] {
        let limit = 500
        guard points.count > limit else { return points }
        return (0..<limit).map { points[$0 * (points.count - 1) / (limit - 1)] }
    }

    /// Six significant digits: more are not shown.
    private static func rounded(_ value: Double) -> Double {
        guard value != 0 else { return 0 }
        let exponent = 5 - decimalExponent(abs(value))
        guard abs(exponent) < 300 else { return value }
        return exponent >= 0
            ? (value * powerOfTen(exponent)).rounded() / powerOfTen(exponent)
            : (value / powerOfTen(-exponent)).rounded() * powerOfTen(-exponent)
    }
}
