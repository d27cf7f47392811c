internal import Plots

extension ExplanationPage {
    // MARK: The state

    var memory: PlotPage.Section? { family == .rwkv4 ? sums : matrices }

    /// RWKV-4: num and den through time.
    private var sums: PlotPage.Section? {
        let all = explanation.detail.sums
        guard !all.isEmpty else { return nil }
        var section = PlotPage.Section("Time mixing: num, den and wkv")
        section.parts = [
            .paragraph(
                """
                This is how RWKV-4 remembers. Each channel keeps two numbers: num, a sum of the values so far, each \
                weighted by e^k of its token, and den, the sum of the same weights. With every token both fade by the \
                factor e^w, w below 0, and the new token is added. wkv is their quotient, a weighted mean of all values so \
                far, in which the present token has a bonus u of its own.
                """),
            .formula(
                """
                wkv[t] = (num[t−1] + e^(u + k[t]) · v[t]) / (den[t−1] + e^(u + k[t]))
                num[t] = e^w · num[t−1] + e^k[t] · v[t]
                den[t] = e^w · den[t−1] + e^k[t]
                """),
        ]
        let middle = all[all.count / 2]
        section.parts.append(contentsOf: example(middle))
        section.parts.append(
            .choice(
                PlotPage.Choice(
                    "Channel of layer \(explanation.layer)",
                    all.map { sums in
                        PlotPage.Choice.Option(
                            "channel \(sums.channel), half-life \(number(sums.halfLife)) tokens",
                            [.pictures([PlotPage.Picture(means(sums)), PlotPage.Picture(parts(sums))])])
                    }, selected: all.count / 2)))
        return section
    }

    private func example(_ sums: Explanation.Sums) -> [PlotPage.Part] {
        let t = explanation.position
        func previous(_ values: [Double]) -> String { t == 0 ? "0" : number(values[t - 1]) }
        let weight = "e^(u + k) = e^(\(number(sums.bonus + sums.key[t])))"
        return [
            .paragraph("In numbers, channel \(sums.channel) at \(here):"),
            .table(
                PlotPage.Table(
                    ["", "before", "k, u, v", "after"],
                    [
                        ["num", previous(sums.num), "v = \(number(sums.value[t]))", number(sums.num[t])],
                        [
                            "den", previous(sums.den), "k = \(number(sums.key[t])), u = \(number(sums.bonus))",
                            number(sums.den[t]),
                        ],
                        ["wkv", "", weight, number(sums.wkv[t])],
                    ])),
        ]
    }

    private func means(_ sums: Explanation.Sums) -> LinePlot {
        var plot = LinePlot(
            "The values and their mean, channel \(sums.channel)", x: Axis("token"), y: Axis(""),
            series: [
                Series("v of each token", points(sums.value), style: .dottedLine),
                Series("wkv", points(sums.wkv)),
            ])
        plot.size = (600, 360)
        return plot
    }

    private func parts(_ sums: Explanation.Sums) -> LinePlot {
        var plot = LinePlot(
            "num and den, channel \(sums.channel)", x: Axis("token"), y: Axis(""),
            series: [Series("num", points(sums.num)), Series("den", points(sums.den))])
        plot.size = (600, 360)
        return plot
    }

    func points(_ values: [Double]) -> [Point] {
        values.enumerated().map { Point(x: Double($0), y: $1) }
    }

    /// RWKV-5 to 7: a matrix per head.
    private var matrices: PlotPage.Section? {
        let detail = explanation.detail
        guard !detail.matrices.isEmpty else { return nil }
        let isDelta = family == .rwkv7
        var section = PlotPage.Section("Time mixing: the state matrices")
        let change =
            isDelta
            ? "The term with κ takes out what was there before."
            : """
            Between tokens S fades by d, channel by channel; the present token is read with the bonus u and is written \
            afterwards.
            """
        section.parts = [
            .paragraph(
                """
                Where RWKV-4 keeps the two vectors num and den, this version keeps a matrix S of \(model.headSize) × \
                \(model.headSize) numbers for each head. A token writes its value v at its key k: it adds the product of \
                every number of v with every number of k. A position reads S at its r: values that were written at keys \
                like r come back. \(change)
                """),
            .formula(
                isDelta
                    ? """
                    S[t] = S[t−1]·diag(d) − (S[t−1]·κ)(a ⊙ κ)ᵀ + v·kᵀ
                    y[t] = S[t]·r
                    """
                    : """
                    y[t] = rᵀ·(S[t−1] + (u ⊙ k)·vᵀ)
                    S[t] = diag(d)·S[t−1] + k·vᵀ
                    """),
        ]
        let strongest = detail.matrices.flatMap { $0.flatMap { $0 } }.map { abs(Double($0)) }.max()
        let heads = detail.matrices.enumerated().map { head, matrix in
            PlotPage.Choice.Option(
                "head \(head)",
                [
                    .pictures([
                        PlotPage.Picture(map("S of head \(head) after \(here)", matrix, limit: nil))
                    ])
                ])
        }
        if heads.count <= 16 {
            section.parts.append(
                .choice(PlotPage.Choice("Layer \(explanation.layer), head", heads, selected: explanation.head)))
        } else {
            section.parts += heads[explanation.head].parts
        }
        let moments = detail.history.map { moment in
            PlotPage.Choice.Option(
                "after token \(moment.token), \(quoted(moment.token))",
                [
                    .pictures([
                        PlotPage.Picture(
                            map(
                                "S of head \(explanation.head) after token \(moment.token), \(quoted(moment.token))",
                                moment.matrix, limit: strongest))
                    ])
                ])
        }
        if moments.count > 1 {
            section.parts.append(
                .paragraph("The same matrix while the text is read, all with the same scale of colours:"))
            section.parts.append(.choice(PlotPage.Choice("Head \(explanation.head)", moments)))
        }
        section.parts.append(.pictures([PlotPage.Picture(matrixNorms)]))
        return section
    }

    private func map(_ title: String, _ matrix: [[Float]], limit: Double?) -> Heatmap {
        let names = matrix.indices.map { "\($0)" }
        var map = Heatmap(title, columns: names, rows: names, values: matrix.map { $0.map { Double($0) } })
        // The states of RWKV-5 and 6 have the keys outermost, that of RWKV-7 the values.
        (map.rowTitle, map.columnTitle) = family == .rwkv7 ? ("value", "key") : ("key", "value")
        map.limit = limit
        map.cellAspect = 0.6
        return map
    }

    private var matrixNorms: LinePlot {
        let norms = explanation.detail.matrixNorms
        var plot = LinePlot(
            "How full the matrices are, layer \(explanation.layer)", x: Axis("token"), y: Axis("‖S‖"),
            series: norms.enumerated().map { head, values in
                var series = Series(norms.count <= 16 ? "head \(head)" : "", points(values))
                series.shade = Double(head) / Double(max(1, norms.count - 1))
                return series
            })
        plot.size = (840, 360)
        return plot
    }

    // MARK: Decay

    var halfLives: PlotPage.Section? {
        let layers = explanation.layers
        guard layers.contains(where: { !$0.halfLives.isEmpty }) else { return nil }
        var section = PlotPage.Section("How long it is remembered")
        let basis =
            family == .rwkv6 || family == .rwkv7
            ? """
            Here the factor depends on the token; these are half-lives of the mean of ln d over this text.\
            \(family == .rwkv7 ? " What the term with κ takes out comes on top, and is not counted." : "")
            """ : "The factor is the same for all tokens: d = e^w, w = −e^time_decay."
        let series = layers.enumerated().map { layer, values in
            var series = Series("layer \(layer)", ranked(values.halfLives, of: 100))
            series.shade = Double(layer) / Double(max(1, layers.count - 1))
            return series
        }
        var plot = LinePlot(
            "Half-lives", x: Axis("share of channels (%)"), y: Axis("half-life (tokens)", scale: .logarithmic),
            series: series)
        plot.size = (840, 420)
        section.parts = [
            .paragraph(
                """
                After each token a channel of the memory keeps the part d of what it held. The half-life says after how many \
                tokens half of it is gone. Channels and layers differ on purpose: some hold the last few tokens, others a \
                whole text. \(basis)
                """),
            .formula("half-life = ln 2 / −ln d"),
            .pictures([PlotPage.Picture(plot)]),
            .table(
                PlotPage.Table(
                    ["layer", "shortest", "a quarter below", "median", "three quarters below", "longest"],
                    layers.enumerated().map { layer, values in
                        ["\(layer)"]
                            + [0, 0.25, 0.5, 0.75, 1].map { part in
                                let sorted = values.halfLives
                                return sorted.isEmpty
                                    ? "–" : number(sorted[Int((part * Double(sorted.count - 1)).rounded())])
                            }
                    })),
        ]
        section.markRow(explanation.layer)
        return section
    }

    // MARK: Attention

    var carried: PlotPage.Section? {
        let layers = explanation.layers.enumerated().compactMap { layer, values in
            values.attention.map { (layer: layer, heads: $0) }
        }
        guard !layers.isEmpty else { return nil }
        var section = PlotPage.Section(
            family == .transformer ? "Attention" : "Which earlier tokens a position still carries")
        section.parts = carriedText
        let errors = layers.compactMap { explanation.layers[$0.layer].attentionError }
        if let largest = errors.max(), largest.isFinite {
            section.parts.append(
                .paragraph(
                    """
                    That this is the same computation is checked on this text: the weights times the values differ from \
                    what the model’s own \(family == .transformer ? "attention" : "recurrence") gave by at most \
                    \(number(largest)) of its largest output.
                    """))
        }
        let start = explanation.layer
        let first = layers.firstIndex { $0.layer == start } ?? 0
        section.parts.append(
            .choice(
                PlotPage.Choice(
                    "Layer",
                    layers.map { entry in
                        PlotPage.Choice.Option("layer \(entry.layer)", heads(entry.layer, entry.heads))
                    },
                    selected: layers.count == explanation.layers.count ? explanation.layer : first)))
        if layers.count < explanation.layers.count {
            section.parts.append(
                .paragraph(
                    "Only layer \(explanation.layer) is drawn: all layers would make the page too large. --layer chooses."
                ))
        }
        return section
    }

    private func heads(_ layer: Int, _ heads: [[[Double]]]) -> [PlotPage.Part] {
        if heads.count == 1 { return [.pictures([PlotPage.Picture(square(layer, 0, heads[0]))])] }
        return [
            .choice(
                PlotPage.Choice(
                    "Head",
                    heads.enumerated().map { head, weights in
                        PlotPage.Choice.Option(
                            "head \(head)", [.pictures([PlotPage.Picture(square(layer, head, weights))])])
                    }, selected: explanation.head))
        ]
    }

    /// Each row as parts of the sum of its sizes.
    private func square(_ layer: Int, _ head: Int, _ weights: [[Double]]) -> Heatmap {
        let count = weights.count
        let shares = weights.map { row -> [Double?] in
            let sum = row.reduce(0) { $0 + abs($1) }
            return row.map { sum > 0 ? $0 / sum : 0 } + Array(repeating: nil, count: count - row.count)
        }
        let place = model.headCount > 1 ? "layer \(layer), head \(head)" : "layer \(layer)"
        var map = Heatmap("Parts of earlier tokens, \(place)", columns: tokenNames, rows: tokenNames, values: shares)
        map.columnTitle = "earlier token"
        map.rowTitle = "position"
        map.limit = 1
        map.cellAspect = 0.8
        map.notes = weights.map { row in row.map { "weight \(number($0))" } }
        return map
    }

    private var carriedText: [PlotPage.Part] {
        let reading = """
            Read a row from left to right: it says of what the position’s result is made. Each row is scaled so that the \
            sizes of its weights add up to 1.
            """
        switch family {
        case .transformer:
            return [
                .paragraph(
                    "Each position compares its query with the keys of all tokens so far and takes the mean of their values. \(reading)"
                ),
                .formula("A[t, i] = softmax over i ≤ t of q[t]·k[i] / √\(model.headSize)    y[t] = Σ A[t, i] v[i]"),
            ]
        case .rwkv4:
            return [
                .paragraph(
                    """
                    The recurrence keeps no token, but it can be written as if it did: wkv is a weighted mean of the values \
                    of all tokens so far, and the weights can be worked out. Each channel has its own; shown is their mean \
                    over the \(model.width) channels of a layer. \(reading)
                    """),
                .formula(
                    """
                    A[t, i] = e^((t−1−i)·w + k[i]) / (den[t−1] + e^(u + k[t]))    for i < t
                    A[t, t] = e^(u + k[t]) / (den[t−1] + e^(u + k[t]))            wkv[t] = Σ A[t, i] ⊙ v[i]
                    """),
            ]
        case .rwkv7:
            return [
                .paragraph(
                    """
                    The state keeps no token, but it can be written as if it did: y is a sum of the values of all tokens so \
                    far, and the weights can be worked out. Follow a key through all that later tokens do to the state, and \
                    see how well it then agrees with r. A weight can be below 0: then the value is subtracted. \(reading)
                    """),
                .formula(
                    """
                    p = k[i], then for each later token j up to t:  p = p ⊙ d[j] − (p·κ[j]) (a[j] ⊙ κ[j])
                    A[t, i] = p·r[t]        y[t] = Σ A[t, i] v[i]
                    """),
            ]
        default:
            return [
                .paragraph(
                    """
                    The state keeps no token, but it can be written as if it did: y is a sum of the values of all tokens so \
                    far, and the weights can be worked out: how well the position’s r agrees with the token’s key, after that \
                    key has faded by the decay of all tokens between. A weight can be below 0: then the value is subtracted. \
                    \(reading)
                    """),
                .formula(
                    """
                    A[t, i] = r[t]·(d[i+1] ⊙ … ⊙ d[t−1] ⊙ k[i])    for i < t
                    A[t, t] = r[t]·(u ⊙ k[t])                      y[t] = Σ A[t, i] v[i]
                    """),
            ]
        }
    }
}
