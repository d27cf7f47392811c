internal import Foundation
internal import Plots
internal import RWKV

/// The page of a run: how it went, what the model remembers for how long, and what it writes.
struct RunReport {
    private let training: TrainingRun
    private let folder: RunFolder
    private let samples: [TextSample]
    private let entries: [TrainingLogEntry]

    init(_ training: TrainingRun, _ folder: RunFolder, _ samples: [TextSample]) {
        self.training = training
        self.folder = folder
        self.samples = samples
        entries = training.entries
    }

    /// The loss over the steps.
    var loss: LinePlot {
        LinePlot.lossCurve(training: points(\.loss), validation: measured(\.validationLoss))
    }

    func page(configuration: [UInt8]) -> PlotPage {
        let name = URL(fileURLWithPath: folder.path).lastPathComponent
        var page = PlotPage(name)
        page.subtitle = subtitle
        page.figures = figures
        var section = PlotPage.Section()
        section.parts = [
            .pictures(
                plots.map { plot, note in
                    var plot = plot
                    plot.size = (640, 360)
                    return PlotPage.Picture(plot, note: note)
                })
        ]
        page.sections = [section]
        page.textsTitle = "What the model writes"
        page.texts = shownSamples.map { PlotPage.Text("After step \($0.step)", $0.prompt + $0.text) }
        page.details = [PlotPage.Text("Configuration", String(decoding: configuration, as: UTF8.self))]
        return page
    }

    private var subtitle: String {
        let c = training.progress.configuration
        return "\(c.architecture) with \(c.layerCount) layers of width \(c.width) and \(c.vocabularySize) tokens: "
            + "\(training.trainer.model.parameterCount) parameters"
    }

    private var figures: [PlotPage.Figure] {
        let options = training.trainer.options
        let total = options.stepCount < TrainingOptions.undecided ? "of \(options.stepCount)" : ""
        var figures = [PlotPage.Figure("Steps", "\(training.trainer.stepsDone)", note: total)]
        if let last = entries.last {
            let recent = entries.suffix(50)
            // A step that was skipped may have no loss.
            let losses = recent.map(\.loss).filter(\.isFinite)
            if !losses.isEmpty {
                let mean = losses.reduce(0, +) / Double(losses.count)
                figures.append(
                    PlotPage.Figure(
                        "Training loss", format(mean, decimals: 3), note: "nats per token, last \(losses.count) steps"))
            }
            if let best = training.progress.best {
                figures += [
                    PlotPage.Figure(
                        "Lowest validation loss", format(best.loss.natsPerToken, decimals: 3),
                        note: "nats per token, after step \(best.step)"),
                    PlotPage.Figure(
                        "Bits per byte", format(best.loss.bitsPerByte, decimals: 3), note: "of the validation text"),
                ]
            }
            let rate = recent.reduce(0) { $0 + $1.tokensPerSecond } / Double(recent.count)
            figures += [
                PlotPage.Figure("Tokens", "\(last.tokens)", note: "\(format(rate, decimals: 0)) per second"),
                PlotPage.Figure("Time", describe(seconds: training.progress.secondsDone)),
            ]
        }
        return figures
    }

    private var plots: [(LinePlot, String)] {
        var plots = [(loss, "")]
        let bits = measured(\.validationBitsPerByte)
        if bits.count > 1 {
            plots.append(
                (
                    LinePlot(
                        "Validation", x: Axis("training step"), y: Axis("bits per byte"),
                        series: [Series("validation", bits, style: .dottedLine, color: 1)]), ""
                ))
        }
        plots += [
            (
                LinePlot(
                    "Learning rate", x: Axis("training step"), y: Axis("learning rate"),
                    series: [Series("learning rate", points(\.learningRate), color: 2)]), ""
            ),
            (
                smoothed(
                    "Gradient norm", points(\.gradientNorm), y: Axis("norm before clipping", scale: .logarithmic),
                    color: 3),
                ""
            ),
            (smoothed("Speed", points(\.tokensPerSecond), y: Axis("tokens per second"), color: 5), ""),
        ]
        if let decays {
            plots.append((decays, "Of each layer’s channels or heads, from the shortest memory to the longest."))
        }
        return plots
    }

    /// How long the layers remember, as the weights alone have it.
    private var decays: LinePlot? {
        let layers = training.trainer.model.decayHalfLives()
        guard layers.contains(where: { !$0.isEmpty }) else { return nil }
        let series = layers.enumerated().map { layer, halfLives in
            let last = max(1, halfLives.count - 1)
            var series = Series(
                "layer \(layer)",
                halfLives.enumerated().map { Point(x: 100 * Double($0) / Double(last), y: $1) })
            series.shade = Double(layer) / Double(max(1, layers.count - 1))
            return series
        }
        return LinePlot(
            "Decay", x: Axis("share of channels (%)"), y: Axis("half-life (tokens)", scale: .logarithmic),
            series: series)
    }

    private func smoothed(_ title: String, _ points: [Point], y: Axis, color: Int) -> LinePlot {
        let series = Series(title.lowercased(), points, color: color)
        let count = max(1, points.count / 50)
        guard count > 1 else { return LinePlot(title, x: Axis("training step"), y: y, series: [series]) }
        return LinePlot(
            title, x: Axis("training step"), y: y,
            series: [Series("", points, style: .faintLine, color: color), series.smoothed(over: count)])
    }

    private func points(_ value: (TrainingLogEntry) -> Double) -> [Point] {
        entries.map { Point(x: Double($0.step), y: value($0)) }.filter(\.y.isFinite)
    }

    private func measured(_ value: (TrainingLogEntry) -> Double?) -> [Point] {
        entries.compactMap { entry in value(entry).map { Point(x: Double(entry.step), y: $0) } }
    }

    /// The newest first, and of very many some from all of the run.
    private var shownSamples: [TextSample] {
        let limit = 12
        guard samples.count > limit else { return samples.reversed() }
        return (0..<limit).map { samples[(limit - 1 - $0) * (samples.count - 1) / (limit - 1)] }
    }
}
