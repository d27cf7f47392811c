extension LinePlot {
    /// A training run: the loss of each step pale, its moving average in the same colour, the validation loss as dots.
    /// - Parameters:
    ///   - training: x is what was spent (steps, tokens), y the loss.
    ///   - validation: Losses measured now and then, over the same x.
    ///   - smoothing: Over about how many steps to average; `nil` for a fiftieth of the run, 1 for no average.
    public static func lossCurve(
        _ title: String = "Loss", training: [Point], validation: [Point] = [], smoothing: Int? = nil,
        x: Axis = Axis("training step"), y: Axis = Axis("loss (nats per token)")
    ) -> LinePlot {
        let raw = Series("training", training, color: 0)
        let count = smoothing ?? max(1, training.count / 50)
        var series: [Series] = []
        if count > 1 {
            series.append(Series("", training, style: .faintLine, color: 0))
            series.append(raw.smoothed(over: count))
        } else {
            series.append(raw)
        }
        if !validation.isEmpty { series.append(Series("validation", validation, style: .dottedLine, color: 1)) }
        return LinePlot(title, x: x, y: y, series: series)
    }
}
