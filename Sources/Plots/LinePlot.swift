/// Series of numbers drawn as lines and dots over two axes, as the text of one SVG file that needs nothing else.
///
///     var plot = LinePlot("Loss", x: Axis("tokens"), y: Axis("nats per token", scale: .logarithmic))
///     plot.series.append(Series("training", x: tokens, y: losses))
///     let text = plot.svg()
///
/// The drawing follows the viewer's preference for light or dark. Points without a place on the axes are left out, and
/// of long series only what can be seen is written, so that a file stays small whatever the number of points.
public struct LinePlot: Sendable, Equatable {
    public var title: String
    public var x: Axis
    public var y: Axis
    /// Drawn in this order, later ones on top.
    public var series: [Series]
    /// Of the drawing in pixels, from 240 × 160 to 10000 × 10000; it can be scaled to any size afterwards. A drawing too
    /// low for its legend becomes higher.
    public var size: (width: Double, height: Double) {
        get { (width, height) }
        set {
            width = newValue.width.isFinite ? min(max(240, newValue.width), 10_000) : 840
            height = newValue.height.isFinite ? min(max(160, newValue.height), 10_000) : 480
        }
    }
    private var width = 840.0
    private var height = 480.0

    public init(_ title: String = "", x: Axis = Axis(), y: Axis = Axis(), series: [Series] = []) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
    }

    /// The drawing, as the text of an SVG 1.1 file in UTF-8.
    /// - Complexity: O(number of points) time; O(width of the drawing) text per series, not counting gaps.
    public func svg(appearance: Appearance = .automatic) -> String {
        LinePlotDrawing(self, appearance: appearance).text
    }

    /// The series with their colours; those that ask for none take the palette's in turn.
    var coloredSeries: [(series: Series, color: Int)] {
        var next = 0
        return series.map { series in
            if let color = series.color {
                let count = PlotStyle.colorCount
                return (series, (color % count + count) % count)
            }
            defer { next += 1 }
            return (series, next % PlotStyle.colorCount)
        }
    }
}
