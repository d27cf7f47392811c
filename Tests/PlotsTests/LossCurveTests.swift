import Plots
import Testing

@Suite("Loss curves")
struct LossCurveTests {
    private let training = (0..<1000).map { Point(x: Double($0), y: 2 + 8 / (1 + Double($0) / 20)) }

    @Test("The raw loss is pale behind its average, in one colour and one legend entry; validation losses are dots")
    func parts() {
        let validation = [Point(x: 300, y: 2.6), Point(x: 900, y: 2.3)]
        let plot = LinePlot.lossCurve("Run 1", training: training, validation: validation)
        #expect(plot.series.map(\.style) == [.faintLine, .line, .dottedLine])
        #expect(plot.series.map(\.name) == ["", "training", "validation"])
        #expect(plot.series[0].points == training)
        #expect(plot.series[0].color == plot.series[1].color)
        #expect(plot.series[1].color != plot.series[2].color)
        let drawing = Drawing(plot.svg())
        #expect(drawing.problem == nil)
        // Two measurements and the sample in the legend.
        #expect(drawing.elements("circle").count == 3)
        #expect(drawing.elements("path", class: "plot-faint").count == 1)
    }

    @Test("Without smoothing, or with few steps, the loss is one plain line")
    func plain() {
        #expect(LinePlot.lossCurve(training: training, smoothing: 1).series.map(\.style) == [.line])
        #expect(LinePlot.lossCurve(training: Array(training.prefix(10))).series.map(\.style) == [.line])
        #expect(Drawing(LinePlot.lossCurve(training: []).svg()).texts.contains("no data"))
    }

    @Test("Smoothing keeps a constant, removes alternation, and does not lag behind a slope")
    func smoothing() {
        func smoothed(_ y: (Int) -> Double) -> [Double] {
            Series("", (0..<600).map { Point(x: Double($0), y: y($0)) }).smoothed(over: 40).points.map(\.y)
        }
        #expect(smoothed { _ in 3 }.allSatisfy { abs($0 - 3) < 1e-12 })
        #expect(smoothed { $0 % 2 == 0 ? 1 : -1 }[100..<500].allSatisfy { abs($0) < 0.06 })
        // A one-sided average over 20 would be 19 behind.
        let slope = smoothed { Double($0) }
        for i in 200..<500 { #expect(abs(slope[i] - Double(i)) < 0.5) }
    }

    @Test("Smoothing follows the steep beginning of a loss curve")
    func steepBeginning() {
        let series = Series("", training).smoothed(over: 100)
        for (point, raw) in zip(series.points, training) { #expect(abs(point.y - raw.y) < 0.06 * raw.y) }
    }

    @Test("Smoothing passes over numbers that are missing; a width of 1 changes nothing", arguments: [-5, 0, 1])
    func missingNumbers(count: Int) {
        var points = training
        points[10].y = .nan
        points[11].y = .infinity
        let smoothed = Series("", points).smoothed(over: 50).points
        #expect(smoothed[10].y.isNaN && smoothed[11].y == .infinity)
        #expect(smoothed.indices.allSatisfy { $0 == 10 || $0 == 11 || smoothed[$0].y.isFinite })
        #expect(Series("", training).smoothed(over: count).points == training)
    }
}
