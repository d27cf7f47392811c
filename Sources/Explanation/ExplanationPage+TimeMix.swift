internal import Plots

extension ExplanationPage {
    // MARK: Token shift

    var tokenShift: PlotPage.Section? {
        guard explanation.layers[explanation.layer].tokenShift != nil else { return nil }
        var section = PlotPage.Section("Time mixing: token shift")
        let dependsOnToken =
            family == .rwkv6
            ? " In RWKV-6 the shares depend on the token too; those below are means over this text." : ""
        section.parts = [
            .paragraph(
                """
                Before anything else each vector is normed (LN: mean 0, deviation 1) and mixed with the vector of the token \
                before it. Each channel has its own share of the present, learnt, and there is one set of shares for r, one \
                for k and one for v. So every layer sees two neighbouring tokens at once, for the price of a multiplication.\
                \(dependsOnToken)
                """),
            .formula(
                """
                x_r = x[t] ⊙ μ_r + x[t−1] ⊙ (1 − μ_r)
                x_k = x[t] ⊙ μ_k + x[t−1] ⊙ (1 − μ_k)
                x_v = x[t] ⊙ μ_v + x[t−1] ⊙ (1 − μ_v)
                """),
        ]
        if let shift = explanation.detail.shift {
            let before =
                explanation.position == 0
                ? "0, since there is no token before it"
                : "\(number(shift.previous)) at \(quoted(explanation.position - 1))"
            section.parts.append(
                .paragraph(
                    """
                    An example from layer \(explanation.layer), channel \(shift.channel), at \(here): x[t] is \
                    \(number(shift.present)), x[t−1] is \(before), and μ_k is \(number(shift.share)). So x_k = \
                    \(number(shift.present)) · \(number(shift.share)) + \(signed(shift.previous)) · \
                    \(signed(1 - shift.share)) = \(number(shift.mixed)).
                    """))
        }
        section.parts.append(
            .choice(
                PlotPage.Choice(
                    "Layer",
                    explanation.layers.enumerated().compactMap { layer, values in
                        values.tokenShift.map { shift in
                            PlotPage.Choice.Option(
                                "layer \(layer)", [.pictures([PlotPage.Picture(shares(shift, layer))])])
                        }
                    }, selected: explanation.layer)))
        return section
    }

    private func shares(_ shift: Explanation.TokenShift, _ layer: Int) -> LinePlot {
        func series(_ name: String, _ values: [Double]) -> Series {
            Series(name, ranked(values, of: 200))
        }
        var plot = LinePlot(
            "The present’s share μ, layer \(layer)", x: Axis("share of channels (%)"), y: Axis("μ"),
            series: [series("for r", shift.receptance), series("for k", shift.key), series("for v", shift.value)])
        plot.size = (840, 380)
        return plot
    }

    /// Ascending numbers against the part of them that are smaller, in per cent, not more than `limit`.
    func ranked(_ values: [Double], of limit: Int) -> [Point] {
        let last = Double(max(1, values.count - 1))
        let places =
            values.count <= limit ? Array(values.indices) : (0..<limit).map { $0 * (values.count - 1) / (limit - 1) }
        return places.map { Point(x: 100 * Double($0) / last, y: values[$0]) }
    }

    /// A number that follows a sign.
    private func signed(_ value: Double) -> String { value < 0 ? "(\(number(value)))" : number(value) }

    // MARK: r, k, v

    var vectors: PlotPage.Section? {
        let detail = explanation.detail
        var section = PlotPage.Section(
            family == .transformer ? "Attention: q, k and v" : "Time mixing: r, k, v\(othersNames)")
        section.parts = vectorsText
        let channels =
            detail.channels.count == model.width
            ? "all \(model.width) channels"
            : "channels \(detail.channels.lowerBound) to \(detail.channels.upperBound - 1)"
        let names = detail.channels.map { "\($0)" }
        section.parts.append(
            .choice(
                PlotPage.Choice(
                    "Show",
                    detail.rows.map { rows in
                        var map = Heatmap(
                            "\(rows.name) of layer \(explanation.layer), \(channels)", columns: names, rows: tokenNames,
                            values: rows.values.map { $0.map { Double($0) } })
                        map.columnTitle = "channel"
                        map.cellAspect = 1.3
                        return PlotPage.Choice.Option(
                            "\(rows.name): \(meaning(rows.name).prefix { $0 != "," })",
                            [.pictures([PlotPage.Picture(map, note: meaning(rows.name) + ".")])])
                    })))
        return section
    }

    private var othersNames: String {
        switch family {
        case .rwkv6: ", and a decay for each token"
        case .rwkv7: ", and what rewrites the state"
        default: ""
        }
    }

    private func meaning(_ name: String) -> String {
        switch name {
        case "r": "receptance, what the position wants to read"
        case "q": "query, what the position looks for"
        case "k": "key, where the token is written"
        case "v": "value, what is written there"
        case "d": "decay, the part of the state that stays"
        case "κ": "removal key, where the state is read before it is rewritten"
        case "a": "learning rate, how much of what is found there is taken out"
        case "g": "gate, how much of what was read is let through"
        case "h": "hidden state"
        default: name
        }
    }

    private var vectorsText: [PlotPage.Part] {
        let article = """
            The article calls R a recurring state. In the published models r is computed afresh from the present token and \
            the one before; only \(family == .rwkv4 ? "num and den are" : "the state S is") carried on.
            """
        switch family {
        case .transformer:
            return [
                .paragraph(
                    """
                    Three matrices make a query, a key and a value of each position. q and k are turned by an angle that \
                    grows with the place in the text (rotary positions), so that their product knows the distance.
                    """),
                .formula("q = turn(W_q·x + b_q)    k = turn(W_k·x + b_k)    v = W_v·x + b_v"),
            ]
        case .rwkv4:
            return [
                .paragraph(
                    """
                    Three matrices make three vectors of the mixed ones: k says how strongly the token is to be remembered, \
                    v what is to be remembered, and σ(r), between 0 and 1, how much of what is remembered this position \
                    takes. \(article)
                    """),
                .formula("r = W_r·x_r    k = W_k·x_k    v = W_v·x_v    time mixing = W_o·(σ(r) ⊙ wkv)"),
            ]
        case .rwkv5:
            let gate = explanation.detail.rows.contains { $0.name == "g" }
            return [
                .paragraph(
                    """
                    Three matrices make three vectors of the mixed ones, cut into \(model.headCount) heads of \
                    \(model.headSize) channels. k says where in the head’s memory the token is written, v what is written, \
                    r where this position reads. \(article)
                    """),
                .formula(
                    "r = W_r·x_r    k = W_k·x_k    v = W_v·x_v"
                        + (gate ? "    g = silu(W_g·x_g)\ntime mixing = W_o·(GN(y) ⊙ g)" : "\ntime mixing = W_o·GN(y)")),
            ]
        case .rwkv6:
            return [
                .paragraph(
                    """
                    Three matrices make three vectors of the mixed ones, cut into \(model.headCount) heads of \
                    \(model.headSize) channels. k says where in the head’s memory the token is written, v what is written, \
                    r where this position reads. New in RWKV-6: each token says how much of the memory is to stay, channel \
                    by channel (d). \(article)
                    """),
                .formula(
                    """
                    r = W_r·x_r    k = W_k·x_k    v = W_v·x_v    g = silu(W_g·x_g)
                    d = e^(−e^(w + tanh(x_w·D1)·D2))             time mixing = W_o·(GN(y) ⊙ g)
                    """),
            ]
        default:
            return [
                .paragraph(
                    """
                    Matrices make several vectors of the mixed ones, cut into \(model.headCount) heads of \
                    \(model.headSize) channels. k says where in the head’s memory the token is written, v what is written, \
                    r where this position reads. As in RWKV-6 a decay d says what stays. New in RWKV-7: before it writes, a \
                    token looks up what the memory holds at κ and takes the part a of it out, so that the new replaces the \
                    old instead of being added to it. \(article)
                    """),
                .formula(
                    """
                    r = W_r·x_r    k = W_k·x_k    v = W_v·x_v    d = e^(−σ(w)/√e)    a = σ(…)
                    κ = k ⊙ k_k, of length 1     k = k ⊙ (1 + (a − 1) ⊙ k_a)
                    time mixing = W_o·((GN(y) + (r·(u ⊙ k)) v) ⊙ g)
                    """),
            ]
        }
    }

    // MARK: Channel mixing

    var channelMix: PlotPage.Section? {
        guard explanation.layers.contains(where: { $0.activeShare != nil }) else { return nil }
        var section = PlotPage.Section("Channel mixing")
        let hasGate = explanation.detail.gate != nil
        let width = count(model.hiddenWidth)
        let gateText =
            hasGate
            ? """
            A gate σ(r) between 0 and 1 then decides for each channel how much of the result is added. The article writes \
            R' ⊙ σ(K') ⊙ V'; the published models compute the formula below.
            """ : "RWKV-7 has no gate here, unlike the versions before it and the article’s R'."
        section.parts = [
            .paragraph(
                """
                The second half of a layer looks at one position (and, by token shift, its neighbour) and mixes channels. \
                \(width) inner channels each look for something in the vector; max(…, 0)² lets only those through that have \
                found it. \(gateText)
                """),
            .formula(
                hasGate
                    ? "k = max(W_k·x_k, 0)²    channel mixing = σ(W_r·x_r) ⊙ (W_v·k)"
                    : model.architecture == "rwkv7a"
                        ? "k = max(W_k·x_k, 0)²    channel mixing = W_v·(k ⊙ a factor of the token’s own)"
                        : "k = max(W_k·x_k, 0)²    channel mixing = W_v·k"),
        ]
        var pictures: [PlotPage.Picture] = []
        if hasGate {
            var map = layersByTokens("Mean of the gate σ(r)") { $0.gate ?? [] }
            map.limit = 1
            pictures.append(PlotPage.Picture(map, note: "0 is shut, 1 is open."))
        }
        var active = layersByTokens("Inner channels that are not 0") { $0.activeShare ?? [] }
        active.limit = 1
        pictures.append(
            PlotPage.Picture(active, note: "As a part of all \(width): how much of the layer a token wakes."))
        section.parts += pictures.map { .pictures([$0]) }
        if let gate = explanation.detail.gate {
            var plot = LinePlot(
                "The gate’s channels at \(here)", x: Axis("share of channels (%)"), y: Axis("σ(r)", range: 0...1),
                series: [Series("σ(r)", ranked(gate, of: 200))])
            plot.size = (840, 320)
            section.parts.append(
                .pictures([PlotPage.Picture(plot, note: "Layer \(explanation.layer), in ascending order.")]))
        }
        return section
    }

    /// A number for each layer and token.
    func layersByTokens(_ title: String, _ values: (Explanation.Layer) -> [Double]) -> Heatmap {
        var map = Heatmap(
            title, columns: tokenNames, rows: explanation.layers.indices.map { "layer \($0)" },
            values: explanation.layers.map { values($0).map { $0 } })
        map.cellAspect = 0.8
        return map
    }

    // MARK: Residual stream

    var residualStream: PlotPage.Section? {
        let layers = explanation.layers
        guard layers.contains(where: { $0.timeNorm != nil }) else { return nil }
        let first = family == .transformer ? "attention" : "time mixing"
        let second = family == .transformer ? "feed-forward" : "channel mixing"
        var section = PlotPage.Section("Residual stream")
        func series(_ name: String, _ value: (Explanation.Layer) -> Double?) -> Series {
            Series(
                name,
                layers.enumerated().compactMap { layer, values in
                    value(values).map { Point(x: Double(layer), y: $0) }
                }, style: .dottedLine)
        }
        var plot = LinePlot(
            "Lengths at \(here)", x: Axis("layer"), y: Axis("length ‖x‖", scale: .logarithmic),
            series: [
                series("x that the layer is given") { $0.inputNorm }, series("what \(first) adds") { $0.timeNorm },
                series("what \(second) adds") { $0.channelNorm },
            ])
        plot.size = (840, 380)
        section.parts = [
            .paragraph(
                """
                Neither half replaces the vector: what it computes is added to it (the residual connections of the article). \
                The vector that runs through all layers so collects what each of them has found. The plot shows how long it \
                is when it enters each layer, and how long that is which the layer’s halves add.
                """),
            .formula("x = x + \(first)(LN(x))\nx = x + \(second)(LN(x))"),
            .pictures([PlotPage.Picture(plot)]),
        ]
        return section
    }

    // MARK: RNN and LSTM

    var hiddenState: PlotPage.Section {
        var section = PlotPage.Section("Hidden state")
        let isLSTM = model.architecture == "lstm"
        section.parts = [
            .paragraph(
                isLSTM
                    ? """
                    Each layer keeps two vectors, the hidden state h and the cell c. Gates between 0 and 1 decide what is \
                    kept of c (f), what is written to it (i), and what of it is shown (o). All gates look at h of the token \
                    before, so a text can only be read one token after the other, in training too.
                    """
                    : """
                    Each layer keeps one vector, the hidden state h, computed anew from the token and from h of the token \
                    before. So a text can only be read one token after the other, in training too, and what was read long \
                    ago has passed through tanh and the same matrix as many times.
                    """),
            .formula(
                isLSTM
                    ? "c = f ⊙ c + i ⊙ tanh(…)\nh = o ⊙ tanh(c)" : "h[t] = tanh(W_ih·x[t] + b_ih + W_hh·h[t−1] + b_hh)"),
            .paragraph(
                """
                This page is shorter than that of an RWKV model: such a memory cannot be written as weights of earlier \
                tokens, and its layers do not add to one stream, so that only the last one’s output can be read by the head.
                """),
        ]
        for rows in explanation.detail.rows {
            let channels = explanation.detail.channels
            var map = Heatmap(
                "h of layer \(explanation.layer), channels \(channels.lowerBound) to \(channels.upperBound - 1)",
                columns: channels.map { "\($0)" }, rows: tokenNames,
                values: rows.values.map { $0.map { Double($0) } })
            map.columnTitle = "channel"
            map.cellAspect = 1.3
            section.parts.append(.pictures([PlotPage.Picture(map)]))
        }
        return section
    }
}
