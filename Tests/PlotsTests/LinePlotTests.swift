import Plots
import Testing

@Suite("Line plots")
struct LinePlotTests {
    private func plot(_ series: Series..., x: Axis = Axis("x"), y: Axis = Axis("y")) -> LinePlot {
        LinePlot("Title", x: x, y: y, series: series)
    }

    private func points(_ count: Int, _ y: (Int) -> Double) -> [Point] {
        (0..<count).map { Point(x: Double($0), y: y($0)) }
    }

    @Test(
        "The text is well-formed XML whatever the names hold, in every appearance",
        arguments: [Appearance.automatic, .light, .dark])
    func wellFormed(appearance: Appearance) {
        let nasty = "a < b && \"c\" > 'd' ]]> \u{0}\u{1F} é 日本 🌱"
        var plot = plot(Series(nasty, points(5) { Double($0) }), x: Axis(nasty), y: Axis(nasty))
        plot.title = nasty
        let drawing = Drawing(plot.svg(appearance: appearance))
        #expect(drawing.problem == nil)
        // The two control characters are forbidden in XML and left out; all else is there as it was.
        let shown = nasty.filter { $0 != "\u{0}" && $0 != "\u{1F}" }
        #expect(drawing.texts.filter { $0 == shown }.count == 4)
        #expect(drawing.elements("title").map(\.text) == [shown])
    }

    @Test("It holds both colour schemes unless one is asked for")
    func colorSchemes() {
        let plot = plot(Series("a", points(3) { Double($0) }))
        let query = "prefers-color-scheme: dark"
        #expect(plot.svg().contains(query))
        #expect(!plot.svg(appearance: .light).contains(query))
        #expect(!plot.svg(appearance: .dark).contains(query))
        #expect(plot.svg(appearance: .light) != plot.svg(appearance: .dark))
    }

    @Test("Points lie where the axes say: the ends of fixed ranges are the edges of the plot")
    func positions() throws {
        let drawing = Drawing(
            plot(
                Series("a", [Point(x: 0, y: 1), Point(x: 5, y: 10), Point(x: 10, y: 100)]),
                x: Axis(range: 0...10), y: Axis(scale: .logarithmic, range: 1...100)
            ).svg())
        let line = try #require(drawing.elements("path", class: "plot-line").last).pathPoints
        let area = try #require(drawing.elements("svg").last).attributes
        func number(_ key: String) throws -> Double { try #require(area[key].flatMap { Double($0) }) }
        let (left, top, width, height) = (try number("x"), try number("y"), try number("width"), try number("height"))
        let expected = [
            Point(x: left, y: top + height), Point(x: left + width / 2, y: top + height / 2),
            Point(x: left + width, y: top),
        ]
        #expect(line.count == 3)
        for (found, wanted) in zip(line, expected) {
            #expect(abs(found.x - wanted.x) < 0.02 && abs(found.y - wanted.y) < 0.02)
        }
    }

    @Test("Without anything to show it says so", arguments: [[], [Point(x: .nan, y: 1)], [Point(x: 1, y: .infinity)]])
    func noData(points: [Point]) {
        let drawing = Drawing(plot(Series("a", points)).svg())
        #expect(drawing.problem == nil)
        #expect(drawing.texts.contains("no data"))
        let withData = Drawing(plot(Series("a", [Point(x: 1, y: 1)])).svg())
        #expect(!withData.texts.contains("no data"))
    }

    @Test("A lone point of a line is shown as a dot", arguments: [Axis.Scale.linear, .logarithmic])
    func lonePoint(scale: Axis.Scale) {
        let axis = Axis(scale: scale)
        let drawing = Drawing(plot(Series("a", [Point(x: 3, y: 4)]), x: axis, y: axis).svg())
        #expect(drawing.elements("circle").count == 1)
    }

    @Test("A missing number leaves a gap and moves no other point")
    func gaps() throws {
        let whole = plot(Series("", points(9) { Double($0 * $0) }))
        var holed = whole
        holed.series[0].points[4].y = .nan
        let path = try #require(Drawing(holed.svg()).elements("path", class: "plot-line").first)
        let commands = try #require(path.attributes["d"])
        #expect(commands.filter { $0 == "M" }.count == 2)
        var expected = try #require(Drawing(whole.svg()).elements("path", class: "plot-line").first).pathPoints
        expected.remove(at: 4)
        #expect(path.pathPoints == expected)
    }

    @Test("Numbers ≤ 0 are left out of logarithmic axes only")
    func logarithmicSkips() throws {
        let points = [Point(x: 1, y: 1), Point(x: 2, y: 0), Point(x: 3, y: -1), Point(x: 4, y: 10), Point(x: 5, y: 20)]
        func count(_ axis: Axis) -> Int {
            Drawing(plot(Series("", points, style: .dots), y: axis).svg()).elements("circle").count
        }
        #expect(count(Axis(scale: .logarithmic)) == 3)
        #expect(count(Axis(scale: .linear)) == 5)
    }

    @Test("A long series becomes at most about two points per pixel, and its spikes stay")
    func longSeries() throws {
        var long = points(300_000) { Double($0 % 97) }
        long[123_456].y = 1000
        let svg = plot(Series("", long)).svg()
        #expect(svg.utf8.count < 60_000)
        let line = try #require(Drawing(svg).elements("path", class: "plot-line").first).pathPoints
        #expect(line.count < 2 * 840)
        let ys = line.map(\.y).sorted()
        #expect(ys[1] - ys[0] > 200)
    }

    @Test("Dots outside a fixed range are not drawn over the margins")
    func dotsOutside() {
        let series = Series("", points(10) { Double($0) }, style: .dots)
        #expect(Drawing(plot(series, x: Axis(range: 2...5)).svg()).elements("circle").count == 4)
    }

    @Test(
        "Extreme numbers and ranges give a drawing without NaN or infinite coordinates",
        arguments: [
            [-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude], [1e300, -1e300],
            [Double.leastNonzeroMagnitude, 1], [1e16, 1e16 + 2],
            [0, 0], [-3, -3], [1e-300, 1e300], [0, .leastNonzeroMagnitude], [1e-285, 2e-285],
        ], [Axis.Scale.linear, .logarithmic])
    func extremes(ys: [Double], scale: Axis.Scale) {
        let series = Series("a", x: ys, y: ys, style: .dottedLine)
        let axis = Axis(scale: scale)
        for axis in [axis, Axis(scale: scale, range: min(ys[0], ys[1])...max(ys[0], ys[1]))] {
            let svg = plot(series, x: axis, y: axis).svg()
            #expect(Drawing(svg).problem == nil)
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            #expect(svg.utf8.count < 20_000)
        }
    }

    @Test("Series take the colours in turn, or the one they ask for")
    func colors() {
        let line = points(3) { Double($0) }
        let drawing = Drawing(
            plot(Series("", line), Series("", line, color: -1), Series("", line), Series("", line, color: 8)).svg())
        let classes = drawing.elements("path", class: "plot-line").compactMap { $0.attributes["class"] }
        #expect(
            classes.map { $0.split(separator: " ").last } == [
                "plot-stroke0", "plot-stroke5", "plot-stroke1", "plot-stroke2",
            ])
    }

    @Test("Legend rows stay inside the drawing, however many names there are")
    func legend() throws {
        var plot = plot()
        plot.series = (0..<20).map { Series("a fairly long name, number \($0)", [Point(x: 1, y: Double($0))]) }
        let drawing = Drawing(plot.svg())
        for name in plot.series.map(\.name) {
            let label = try #require(drawing.elements("text").first { $0.text == name })
            let x = try #require(label.attributes["x"].flatMap { Double($0) })
            #expect(x + Double(name.count) * 6 < plot.size.width)
        }
    }

    @Test("A legend too long for the drawing makes it higher and leaves room for the plot")
    func longLegend() throws {
        var plot = plot()
        plot.series = (0..<30).map { Series("run \($0)", [Point(x: 1, y: Double($0))]) }
        plot.size = (240, 160)
        let drawings = Drawing(plot.svg()).elements("svg")
        let heights = drawings.compactMap { $0.attributes["height"].flatMap { Double($0) } }
        try #require(heights.count == 2)
        #expect(heights[0] > 160)
        #expect(heights[1] >= 80)
    }

    @Test("A size that makes no sense is brought into bounds")
    func sizes() {
        var plot = plot(Series("a", points(3) { Double($0) }))
        plot.size = (1, .nan)
        #expect(plot.size == (240, 480))
        plot.size = (1e300, -5)
        #expect(plot.size == (10_000, 160))
        #expect(Drawing(plot.svg()).problem == nil)
    }
}
