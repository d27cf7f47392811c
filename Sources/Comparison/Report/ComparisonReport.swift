internal import LanguageModels
internal import Plots

/// The results of a comparison as one HTML page that needs nothing else: plots, tables, and how each was measured.
public struct ComparisonReport {
    private let results: ComparisonResults

    public init(_ results: ComparisonResults) { self.results = results }

    /// The text of the page, in UTF-8.
    public func html() -> String {
        var page = PlotPage("Recurrent networks, Transformers and RWKV compared")
        page.sections = sections
        return page.html()
    }

    /// The page's plots as pictures (SVG) by names made of their titles, to be shown elsewhere.
    public func pictures() -> [(name: String, svg: String)] {
        sections.flatMap(\.plots).map { plot in
            let words = plot.title.lowercased().split { !$0.isLetter && !$0.isNumber }
            return (words.joined(separator: "-"), plot.svg())
        }
    }

    private var sections: [PlotPage.Section] {
        let measured = [learning, generation, contexts, positions, reach, exponents].compactMap { $0 }
        // Tasks of recall have models of their own; what the others' would have been is of no interest then.
        let summary = measured.isEmpty ? PlotPage.Section("", ["Machine: \(results.machine)."]) : summary
        return [summary] + measured + (recall.map { [$0] } ?? [])
    }

    // MARK: Sections

    private var summary: PlotPage.Section {
        let plan = results.plan
        let parameters = "about \(NumberNames.grouped(plan.parameterCount)) parameters"
        let amount: String =
            switch plan.budget {
            case .minutes(let minutes): "\(NumberNames.short(minutes)) minutes"
            default: results.tokenCount.map { "\(NumberNames.grouped($0)) tokens" } ?? "as many tokens as the others"
            }
        let text = """
            Each model has \(plan.layerCount) layers and was given \(parameters) and \(amount), in steps of \
            \(plan.batchSize) sequences of \(plan.contextLength) tokens, with a learning rate of \(plan.learningRate) for \
            all, which was tuned for none. Data: \(results.text). Machine: \(results.machine). Times are of that machine \
            with whatever else ran on it.
            """
        let header = [
            "model", "parameters", "width", "inner width", "tokens learnt from", "training", "tokens/s",
            "bits per byte",
            "time of a token", "state then",
        ]
        var section = PlotPage.Section("", [text])
        section.parts.append(.table(PlotPage.Table(header, results.models.map(summaryRow))))
        return section
    }

    private func summaryRow(_ model: ModelResults) -> [String] {
        let c = model.configuration
        var row = [model.name, NumberNames.grouped(model.parameterCount), "\(c.width)", "\(c.hiddenWidth)"]
        if let training = model.training {
            row.append(NumberNames.grouped(training.tokens))
            row.append(NumberNames.seconds(training.seconds))
            row.append(NumberNames.decimals(Double(training.tokens) / max(training.seconds, 1e-9), 0))
            row.append(training.bitsPerByte.map { NumberNames.decimals($0, 3) } ?? "–")
        } else {
            row += ["–", "–", "–", "–"]
        }
        if let last = model.generation?.points.last {
            row.append("\(NumberNames.seconds(last.secondsPerToken)) at \(NumberNames.grouped(last.length))")
            row.append(NumberNames.bytes(last.stateByteCount))
        } else {
            row += ["–", "–"]
        }
        return row
    }

    private var learning: PlotPage.Section? {
        let curves = models { $0.training?.curve.map { Moment($0.tokens, $0.seconds, $0.loss) } }
        let measured = models { $0.training?.validations.map { Moment($0.tokens, $0.seconds, $0.bitsPerByte) } }
        if curves.isEmpty { return nil }
        let text = """
            Validation is the whole text to measure on, in windows of \(results.plan.contextLength) tokens, each read from the \
            first state. Time is that of the training steps alone.
            """
        let losses = curves.map { line($0.0, $0.1.map { Point(x: $0.tokens, y: $0.value) }) }
        let byTokens = measured.map { line($0.0, $0.1.map { Point(x: $0.tokens, y: $0.value) }) }
        let byTime = measured.map { line($0.0, $0.1.map { Point(x: $0.seconds, y: $0.value) }) }
        return section(
            "Learning", [text],
            plot("Loss in training", "tokens", "nats per token", losses, logX: true),
            plot("Validation by tokens", "tokens", "bits per byte", byTokens),
            plot("Validation by time", "seconds", "bits per byte", byTime))
    }

    /// A number at a moment of a training.
    private struct Moment {
        let tokens, seconds, value: Double

        init(_ tokens: Int, _ seconds: Double, _ value: Double) {
            (self.tokens, self.seconds, self.value) = (Double(tokens), seconds, value)
        }
    }

    private var generation: PlotPage.Section? {
        let points = models { $0.generation?.points }
        if points.isEmpty { return nil }
        func series(_ y: (GenerationPoint) -> Double) -> [Series] {
            points.map { model, points in line(model, points.map { Point(x: Double($0.length), y: y($0)) }) }
        }
        let text = """
            N tokens are read, then the time of the next nine is taken one by one and their median shown. The total is the \
            integral of these times, not a run of its own. The state is what must be kept to go on: of constant size in \
            recurrent models, keys and values of every token in a Transformer.
            """
        var leftOut: [String] = []
        for model in results.models {
            guard let lengths = model.generation?.leftOut, !lengths.isEmpty else { continue }
            leftOut.append("\(model.name): \(lengths.map(NumberNames.grouped).joined(separator: ", "))")
        }
        let note = "Not measured for lack of time or room: \(leftOut.joined(separator: "; "))."
        let (n, before) = ("N", "N, tokens before it")
        return section(
            "Generating", leftOut.isEmpty ? [text] : [text, note],
            plot("Time of a token", before, "seconds", series(\.secondsPerToken), logX: true, logY: true),
            plot("Time of N tokens", n, "seconds", series(\.secondsInAll), logX: true, logY: true),
            plot("Memory of the state", before, "bytes", series { Double($0.stateByteCount) }, logX: true, logY: true))
    }

    private var contexts: PlotPage.Section? {
        let points = models { $0.contexts }
        if points.isEmpty { return nil }
        func series(_ y: (ContextPoint) -> Double) -> [Series] {
            points.map { model, points in line(model, points.map { Point(x: Double($0.length), y: y($0)) }) }
        }
        let text = """
            Forward and backward pass of one sequence of T tokens, the best of three; memory is all that is allocated for it \
            besides weights and gradients. Recurrent networks have one sequence only here, and so products of one row; with \
            more of them they are faster per token.
            """
        return section(
            "Training by the length of the context", [text],
            plot("Time of a pass", "T, tokens", "seconds", series(\.seconds), logX: true, logY: true),
            plot("Memory of a pass", "T, tokens", "bytes", series { Double($0.byteCount) }, logX: true, logY: true))
    }

    private var positions: PlotPage.Section? {
        let points = models { $0.positions }
        if points.isEmpty { return nil }
        let series = points.map { model, points in
            line(model, points.map { Point(x: 0.5 * Double($0.first + $0.end - 1) + 1, y: $0.loss) })
        }
        let text = """
            Windows of the validation text of four times the context of the training, each read from the first state. What \
            lies right of \(results.plan.contextLength) no model has met in training.
            """
        return section(
            "Loss by position", [text],
            plot("Loss by position", "position in the window", "nats per token", series, logX: true))
    }

    private var reach: PlotPage.Section? {
        let points = models { $0.reach }
        if points.isEmpty { return nil }
        let series = points.map { model, points in
            line(model, points.map { Point(x: Double($0.distance + 1), y: $0.norm) }, dotted: false)
        }
        let text = """
            The gradient of one prediction’s loss by the embedding of the k-th token before it: its norm, averaged over \
            windows of the validation text. Where it falls to nothing, no training can teach the model to look further back.
            """
        let (title, x) = ("Gradient by distance", "k, counted from 1, the token read last")
        return section(
            "How far gradients reach back", [text],
            plot(title, x, "‖gradient‖", series, logX: true, logY: true))
    }

    private var exponents: PlotPage.Section? {
        let measured = results.models.filter { $0.generation != nil || $0.contexts != nil }
        if measured.isEmpty { return nil }
        let text = """
            Each measure as a power of the length, fitted by least squares in logarithms: for generation from N = 1,024 on, \
            for training from T = 256 on; ± is the standard error.
            """
        let header = [
            "model", "time of a token", "time of N tokens", "state", "training time", "training memory",
        ]
        let rows = measured.map { model in
            let fits = Exponents(model)
            return [
                model.name, Self.text(fits.timeOfToken), Self.text(fits.timeInAll), Self.text(fits.state),
                Self.text(fits.trainingTime), Self.text(fits.trainingMemory),
            ]
        }
        var section = PlotPage.Section("Exponents", [text])
        section.parts.append(.table(PlotPage.Table(header, rows)))
        return section
    }

    private static func text(_ fit: PowerFit?) -> String {
        guard let fit else { return "–" }
        return "\(NumberNames.decimals(fit.exponent, 2)) ± \(NumberNames.decimals(fit.error, 2))"
    }

    private var recall: PlotPage.Section? {
        let points = models { $0.recall }
        if points.isEmpty { return nil }
        let plan = results.plan.recall
        let columns = plan.tasks.flatMap { task in plan.sizes.map { (task, $0) } }
        var rows: [[String]] = []
        for (model, found) in points {
            for width in plan.widths {
                let own = found.filter { $0.width == width }
                guard let first = own.first else { continue }
                var row = [
                    model.name, "\(width)", NumberNames.grouped(first.parameterCount),
                    NumberNames.bytes(first.stateByteCount),
                ]
                for (task, size) in columns {
                    row.append(share(own.filter { $0.task == task && $0.size == size }.map(\.accuracy)))
                }
                rows.append(row)
            }
        }
        let names = columns.map { task, size in
            let chance = NumberNames.decimals(100 * task.chance(size: size), 1)
            return switch task {
            case .associative: "associative recall, \(size) pairs (chance \(chance) %)"
            case .copying: "copying \(size) symbols (\(chance) %)"
            case .needle: "needle in \(4 * size) symbols (\(chance) %)"
            }
        }
        let rates = plan.learningRates.map { "\($0)" }.joined(separator: ", ")
        let text = """
            Models of \(plan.layerCount) layers that learn one task from nothing, \(plan.stepCount) steps of \
            \(plan.batchSize) fresh sequences at most, tested on others; learning rate \(rates)\
            \(plan.learningRates.count > 1 ? ", the best counts" : "")\
            \(plan.seedCount > 1 ? "; the mean of \(plan.seedCount) seeds, with the lowest and the highest" : ""). Associative recall: pairs of keys and values, then \
            every key again; copying: symbols, a mark, and the symbols again; needle: one marked value in noise.
            """
        var section = PlotPage.Section("Recall", [text])
        section.parts.append(.table(PlotPage.Table(["model", "width", "parameters", "state"] + names, rows)))
        return section
    }

    /// The mean of shares in percent, and between which they lie.
    private func share(_ shares: [Double]) -> String {
        func percent(_ share: Double) -> String { NumberNames.decimals(100 * share, 1) }
        guard let lowest = shares.min(), let highest = shares.max() else { return "–" }
        let mean = percent(shares.reduce(0, +) / Double(shares.count)) + " %"
        return shares.count == 1 ? mean : "\(mean) (\(percent(lowest)) – \(percent(highest)))"
    }

    // MARK: Parts of sections

    private func section(_ title: String, _ paragraphs: [String], _ plots: LinePlot?...) -> PlotPage.Section {
        var section = PlotPage.Section(title, paragraphs)
        section.parts.append(.pictures(plots.compactMap { $0.map { PlotPage.Picture($0) } }))
        return section
    }

    private func models<Value>(_ value: (ModelResults) -> Value?) -> [(ModelResults, Value)] {
        results.models.compactMap { model in value(model).map { (model, $0) } }
    }

    /// A model's line: RWKV's are whole, those of the others have dots, so that colours may serve twice.
    private func line(_ model: ModelResults, _ points: [Point], dotted: Bool = true) -> Series {
        let names = results.models.map(\.name)
        let isRWKV = model.name.hasPrefix("rwkv")
        let alike = names.filter { $0.hasPrefix("rwkv") == isRWKV }
        let place = alike.firstIndex(of: model.name) ?? 0
        // The first four colours for RWKV, and from the last one backwards for the others.
        return Series(
            model.name, points, style: dotted && !isRWKV ? .dottedLine : .line, color: isRWKV ? place : 5 - place)
    }

    private func plot(
        _ title: String, _ x: String, _ y: String, _ series: [Series], logX: Bool = false, logY: Bool = false
    ) -> LinePlot? {
        if series.allSatisfy(\.points.isEmpty) { return nil }
        var plot = LinePlot(
            title, x: Axis(x, scale: logX ? .logarithmic : .linear), y: Axis(y, scale: logY ? .logarithmic : .linear))
        plot.series = series
        return plot
    }
}
