internal import Plots

extension ExplanationPage {
    /// Logits, probabilities, and what each layer would say.
    var head: PlotPage.Section {
        let t = explanation.position
        var section = PlotPage.Section("The head: what comes next")
        section.parts = [
            .paragraph(
                """
                The vector that leaves the last layer is\(family == .recurrent ? "" : " normed and") multiplied with the \
                head, a matrix with one row for each token of the vocabulary. Each product is a logit: how well the token \
                fits. Softmax turns logits into probabilities that add up to 1.
                """),
            .formula("logits = head · \(family == .recurrent ? "h" : "LN(x)")        p(token) = e^logit / Σ e^logit"),
        ]
        if explanation.predictions.count > 1 { section.parts += lens }
        section.parts.append(.paragraph(surprise))
        let bars = explanation.next.map { $0.probability / max(explanation.next[0].probability, 1e-12) }
        var table = PlotPage.Table(
            ["next token", "number", "logit", "probability", ""],
            explanation.next.map { [$0.text, "\($0.id)", number($0.logit), percent($0.probability)] })
        table.bars = bars
        section.parts.append(
            .paragraph(
                "The likeliest tokens after \(here)\(t + 1 < explanation.tokens.count ? "" : ", the end of the text"):")
        )
        section.parts.append(.table(table))
        return section
    }

    private var surprise: String {
        let last = explanation.predictions[explanation.predictions.count - 1]
        let known = last.compactMap(\.nextProbability)
        guard !known.isEmpty else { return "The text has one token only, so there is nothing yet to compare with." }
        let hits = zip(last, explanation.tokens.dropFirst()).count { $0.best.first?.id == $1.id }
        return """
            In this text the model’s likeliest token was the right one \(hits) \(hits == 1 ? "time" : "times") in \
            \(known.count). It gave the tokens that did come a probability of \
            \(percent(known.reduce(0, +) / Double(known.count))) on average.
            """
    }

    private var lens: [PlotPage.Part] {
        let layers = explanation.predictions.indices.map { $0 + explanation.firstPredictingLayer }
        var map = Heatmap(
            "Probability of the final prediction, layer by layer", columns: tokenNames,
            rows: layers.map { "layer \($0)" },
            values: explanation.predictions.map { $0.map { $0.finalProbability } })
        map.notes = explanation.predictions.map { row in
            row.map { prediction in
                prediction.best.map { "\($0.text) \(percent($0.probability))" }.joined(separator: ", ")
            }
        }
        map.limit = 1
        map.cellAspect = 0.8
        map.columnTitle = "after token"
        var table = PlotPage.Table(
            ["behind layer", "first", "", "second", "", "third", ""],
            zip(layers, explanation.predictions).map { layer, row in
                ["\(layer)"] + row[explanation.position].best.flatMap { [$0.text, percent($0.probability)] }
            })
        table.marked = [explanation.predictions.count - 1]
        return [
            .paragraph(
                """
                The head can be put behind any layer, as if the model ended there (the logit lens). So one can watch a \
                prediction form: what is guessed after few layers, and which layer changes its mind. The last row is the \
                model’s real prediction. Point at a cell for the three likeliest tokens there.
                """),
            .pictures([PlotPage.Picture(map)]),
            .paragraph("What each layer would say after \(here):"),
            .table(table),
        ]
    }
}
