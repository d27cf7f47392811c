internal import Plots

/// An explanation as one HTML page that needs nothing else: each step of the model with its formula, what it is for, and
/// the model's own numbers, in the order in which the article on RWKV describes them.
public struct ExplanationPage {
    let explanation: Explanation
    let modelName: String

    /// - Parameter modelName: How the page calls the model, such as its file's name.
    public init(_ explanation: Explanation, modelName: String) {
        self.explanation = explanation
        self.modelName = modelName
    }

    /// The text of the page, in UTF-8.
    public func html() -> String {
        let title = TokenLabel.short(text.replacing("␣", with: " "), 60)
        var page = PlotPage("Inside \(versionName): how it reads “\(title)”")
        page.subtitle =
            "\(modelName): every number below was computed by the model itself while it read these "
            + "\(explanation.tokens.count) tokens."
        page.figures = facts
        let sections = [introduction, embedding] + inside + [head, cost]
        page.sections = sections.enumerated().map { index, section in
            var numbered = section
            if index > 0 { numbered.title = "\(index) · \(section.title)" }
            return numbered
        }
        return page.html()
    }

    /// What lies between the embedding and the head.
    private var inside: [PlotPage.Section] {
        switch family {
        case .recurrent: [hiddenState]
        case .transformer: [vectors, carried, residualStream].compactMap { $0 }
        default:
            [tokenShift, vectors, memory, halfLives, carried, channelMix, residualStream].compactMap { $0 }
        }
    }

    var model: Explanation.Model { explanation.model }
    var family: Family { model.family }

    // MARK: Names

    var versionName: String {
        switch family {
        case .transformer: "a Transformer"
        case .recurrent: model.architecture == "lstm" ? "an LSTM" : "an RNN"
        default: "RWKV-" + model.architecture.dropFirst(4)
        }
    }

    /// The whole text with its marks.
    private var text: String { explanation.tokens.map(\.text).joined() }

    /// “␣time”
    func quoted(_ token: Int) -> String { "“\(explanation.tokens[token].text)”" }

    /// The tokens as names of rows or columns, with their places.
    var tokenNames: [String] {
        explanation.tokens.enumerated().map { "\($0) \(TokenLabel.short($1.text, 12))" }
    }

    var here: String { "token \(explanation.position), \(quoted(explanation.position))" }

    func number(_ value: Double) -> String { value.isFinite ? KeyNumber.text(value) : "–" }

    func percent(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        return NumberText.fixed(100 * value, decimals: value < 0.1 ? 2 : 1) + " %"
    }

    func count(_ number: Int) -> String { NumberText.grouped(number) }

    // MARK: What stands first and last

    private var facts: [PlotPage.Figure] {
        var facts = [
            PlotPage.Figure("Parameters", count(model.parameterCount)),
            PlotPage.Figure(
                "Layers × width", "\(model.layerCount) × \(model.width)",
                note: model.headCount > 1 ? "\(model.headCount) heads of \(model.headSize)" : ""),
            PlotPage.Figure("Vocabulary", count(model.vocabularySize), note: "tokens"),
        ]
        if model.stateCountPerToken > 0 {
            facts.append(
                PlotPage.Figure("Memory of the text", count(model.stateCountPerToken), note: "numbers for each token"))
        } else {
            facts.append(
                PlotPage.Figure(
                    "Memory of the text", count(model.stateCount), note: "numbers, however long the text is"))
        }
        if let next = explanation.next.first {
            facts.append(PlotPage.Figure("Likeliest next token", next.text, note: percent(next.probability)))
        }
        return facts
    }

    private var introduction: PlotPage.Section {
        let rest =
            family.isRWKV
            ? """
            Each of the \(model.layerCount) layers does two things: time mixing, which looks back in the text, and channel \
            mixing, which works on one position alone.
            """ : "It has \(model.layerCount) layers between its embedding and its head."
        var section = PlotPage.Section(
            "",
            [
                """
                A language model turns each token into a vector (embedding), passes the vectors through its layers, and \
                turns the last one into a probability for every token that may come next (head). \(rest)
                """,
                """
                The page looks most closely at layer \(explanation.layer) of 0 to \(model.layerCount - 1)\
                \(model.headCount > 1 ? ", head \(explanation.head)" : ""), after \(here). In the coloured maps orange is \
                above 0, blue below, and paler is nearer to 0; point at a cell, or tap it, for its number.
                """,
            ])
        if family.isRWKV {
            section.parts += [
                .formula(
                    """
                    x = LN(embedding[token])
                    in each layer:  x = x + timeMixing(LN(x))
                                    x = x + channelMixing(LN(x))
                    logits = head · LN(x)
                    """)
            ]
        }
        return section
    }

    private var embedding: PlotPage.Section {
        var section = PlotPage.Section(
            "Input embedding",
            [
                """
                The text is cut into tokens, pieces that the vocabulary of \(count(model.vocabularySize)) knows by number. \
                A space is written ␣ here and a line end ⏎. The number picks one row of the embedding, a table that was \
                learnt: \(model.width) numbers that stand for the token from here on.
                """
            ])
        let shown = explanation.tokens.first?.embedding.count ?? 0
        section.parts += [
            .formula("x[t] = embedding[token[t]]        \(model.width) numbers"),
            .table(
                PlotPage.Table(
                    ["token", "place", "number"] + (0..<shown).map { "x\($0)" } + ["…", "length ‖x‖"],
                    explanation.tokens.enumerated().map { place, token in
                        [token.text, "\(place)", "\(token.id)"] + token.embedding.map { number(Double($0)) } + ["…"]
                            + [number(token.embeddingNorm)]
                    })),
        ]
        section.markRow(explanation.position)
        return section
    }

    private var cost: PlotPage.Section {
        let n = explanation.tokens.count
        var paragraphs: [String] = []
        if model.stateCountPerToken > 0 {
            paragraphs.append(
                """
                A Transformer keeps the keys and values of all tokens: \(count(model.stateCountPerToken)) numbers for each, \
                \(count(model.stateCountPerToken * n)) after these \(n), and every new token is compared with all of them. \
                The time for a text of N tokens grows as N², the memory as N.
                """)
        } else {
            let cache = 2 * model.width * model.layerCount
            paragraphs.append(
                """
                All that this model knows of the text is its state: \(count(model.stateCount)) numbers, after one token as \
                after a million. A token changes each of them once, so a text of N tokens takes time that grows as N. A \
                Transformer of the same width and depth would keep \(count(cache)) numbers for each token, more than this \
                state from token \(count(model.stateCount / max(1, cache) + 1)) on, and compare each token with all before it.
                """)
        }
        if family.isRWKV {
            paragraphs.append(
                """
                The squares of weights above are never computed when the model runs. They are the same computation \
                written out, to show what the state holds.
                """)
        }
        return PlotPage.Section("What it costs to remember", paragraphs)
    }
}

extension PlotPage.Section {
    /// Lets a row of the last table stand out.
    mutating func markRow(_ row: Int) {
        guard case .table(var table)? = parts.last else { return }
        table.marked = [row]
        parts[parts.count - 1] = .table(table)
    }
}
