public import LanguageModels
public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Runs a model over a text and takes down what an explanation shows.
public struct Explainer {
    /// The most tokens of a text: a page shows squares of tokens by tokens.
    public static let tokenLimit = 64
    /// The most weights of attention that are kept; beyond, only the chosen layer's are.
    static let attentionLimit = 120_000
    /// The most channels that stand beside each other.
    static let channelLimit = 64

    private let trace: ForwardTrace
    private let family: Family
    private let workspace: Workspace
    private let label: (Int32) -> String
    private let layer, head, position: Int

    private var model: LanguageModel { trace.model }
    private var sizes: ModelConfiguration { model.configuration }

    /// - Parameters:
    ///   - layer: The layer to look at closely; the middle one if `nil`.
    ///   - head: Its head; the first if `nil`.
    ///   - position: The token after which to look; the last if `nil`.
    ///   - label: How a token is written.
    /// - Throws: `ExplanationError`, and `ModelError` for a token outside the vocabulary.
    public static func explain(
        _ model: LanguageModel, _ tokens: [Int32], layer: Int? = nil, head: Int? = nil, position: Int? = nil,
        on workspace: Workspace, label: @escaping (Int32) -> String
    ) throws -> Explanation {
        if tokens.isEmpty { throw ExplanationError.noTokens }
        if tokens.count > tokenLimit { throw ExplanationError.tooManyTokens(found: tokens.count, limit: tokenLimit) }
        let c = model.configuration
        let layer = try checked("layer", layer ?? c.layerCount / 2, c.layerCount)
        let head = try checked("head", head ?? 0, c.headCount)
        let position = try checked("position", position ?? tokens.count - 1, tokens.count)
        let family = try Family(architecture: c.architecture)
        let trace = try ForwardTrace(model, tokens, stateLayer: layer, on: workspace)
        return Explainer(
            trace: trace, family: family, workspace: workspace, label: label, layer: layer, head: head,
            position: position
        ).explanation()
    }

    private static func checked(_ what: String, _ index: Int, _ count: Int) throws(ExplanationError) -> Int {
        guard (0..<count).contains(index) else { throw .outside(what: what, found: index, count: count) }
        return index
    }

    private func explanation() -> Explanation {
        let predictions = predictions()
        return Explanation(
            model: modelFacts, tokens: tokens(), layer: layer, head: head, position: position,
            layers: (0..<sizes.layerCount).map(brief), detail: detail(), predictions: predictions,
            firstPredictingLayer: sizes.layerCount - predictions.count,
            next: candidates(trace.logits.rows[position], count: 12))
    }

    private var modelFacts: Explanation.Model {
        let layout = model.stateLayout
        let fixed = layout.slots.filter { $0.growth == nil }.reduce(0) { $0 + $1.shape.count }
        return Explanation.Model(
            architecture: sizes.architecture, family: family, layerCount: sizes.layerCount, width: sizes.width,
            headCount: sizes.headCount, headSize: sizes.headSize, hiddenWidth: sizes.hiddenWidth,
            vocabularySize: sizes.vocabularySize, parameterCount: model.parameterCount, stateCount: fixed,
            stateCountPerToken: layout.bytesPerToken / 4)
    }

    private func tokens() -> [Explanation.Token] {
        trace.tokens.enumerated().map { t, id in
            let row = trace(.embedding, 0)?.rows[t] ?? []
            return Explanation.Token(
                id: id, text: label(id), embedding: Array(row.prefix(8)), embeddingNorm: norm(row))
        }
    }

    // MARK: Predictions

    private func predictions() -> [[Explanation.Prediction]] {
        // The layers of an RNN or LSTM do not add to one stream: only the last speaks the head's language.
        let first = family == .recurrent ? sizes.layerCount - 1 : 0
        let likeliest = trace.logits.rows.map { best($0, count: 1)[0] }
        return (first..<sizes.layerCount).map { layer in
            trace.logits(behind: layer, on: workspace).rows.enumerated().map { t, logits in
                let normalizer = logSum(logits)
                func probability(_ token: Int) -> Double { exp(Double(logits[token]) - normalizer) }
                let next = t + 1 < trace.tokens.count ? probability(Int(trace.tokens[t + 1])) : nil
                return Explanation.Prediction(
                    best: candidates(logits, count: 3), finalProbability: probability(likeliest[t]),
                    nextProbability: next)
            }
        }
    }

    private func candidates(_ logits: [Float], count: Int) -> [Explanation.Candidate] {
        let normalizer = logSum(logits)
        return best(logits, count: count).map { id in
            Explanation.Candidate(
                id: Int32(id), text: label(Int32(id)), logit: Double(logits[id]),
                probability: exp(Double(logits[id]) - normalizer))
        }
    }

    /// The places of the largest numbers, the largest first.
    private func best(_ logits: [Float], count: Int) -> [Int] {
        var found: [Int] = []
        for (id, logit) in logits.enumerated()
        where found.count < count || logit > logits[found[found.count - 1]] {
            found.insert(id, at: found.firstIndex { logits[$0] < logit } ?? found.count)
            if found.count > count { found.removeLast() }
        }
        return found
    }

    /// ln Σ e^logit
    private func logSum(_ logits: [Float]) -> Double {
        let greatest = Double(logits.max() ?? 0)
        return greatest + log(logits.reduce(0) { $0 + exp(Double($1) - greatest) })
    }

    // MARK: Layers

    private func brief(_ layer: Int) -> Explanation.Layer {
        let form = family == .recurrent ? nil : AttentionForm(trace, layer: layer)
        let weightCount = sizes.layerCount * sizes.headCount * trace.tokens.count * (trace.tokens.count + 1) / 2
        let isShown = weightCount <= Self.attentionLimit || layer == self.layer
        return Explanation.Layer(
            inputNorm: norm(trace(.input, layer)?.rows[position] ?? []),
            timeNorm: trace(.timeOutput, layer).map { norm($0.rows[position]) },
            channelNorm: trace(.channelOutput, layer).map { norm($0.rows[position]) },
            tokenShift: tokenShift(layer), halfLives: halfLives(layer),
            attention: isShown ? form.map { form in (0..<sizes.headCount).map(form.weights) } : nil,
            attentionError: isShown ? form?.error() : nil,
            gate: trace(.channelGate, layer)?.rows.map { $0.reduce(0) { $0 + Double($1) } / Double($0.count) },
            activeShare: trace(.channelKey, layer)?.rows.map { row in
                Double(row.count { $0 != 0 }) / Double(row.count)
            })
    }

    /// ln 2 / −(mean of ln d over the text's tokens), of each channel.
    private func halfLives(_ layer: Int) -> [Double] {
        guard let decay = trace(.decay, layer) else { return [] }
        return (0..<sizes.width).map { channel in
            let rate = decay.rows.reduce(0) { $0 - log(max(Double($1[channel]), 1e-300)) } / Double(decay.rows.count)
            // A factor that rounds to 1 fades after more tokens than 32-bit numbers can say.
            return log(2) / max(rate, 1e-9)
        }.sorted()
    }

    /// The part of the present row in what is mixed, of each channel: where x[t] and x[t−1] differ,
    /// (mixed − x[t−1]) / (x[t] − x[t−1]), averaged over the text with weights (x[t] − x[t−1])².
    private func tokenShift(_ layer: Int) -> Explanation.TokenShift? {
        guard let x = trace(.timeInput, layer), let r = trace(.shiftedReceptance, layer),
            let k = trace(.shiftedKey, layer), let v = trace(.shiftedValue, layer)
        else { return nil }
        func shares(_ mixed: Matrix) -> [Double] {
            (0..<sizes.width).compactMap { share($0, x, mixed) }.sorted()
        }
        return Explanation.TokenShift(receptance: shares(r), key: shares(k), value: shares(v))
    }

    private func share(_ channel: Int, _ x: Matrix, _ mixed: Matrix) -> Double? {
        var (product, square) = (0.0, 0.0)
        for t in x.rows.indices {
            let previous = t == 0 ? 0 : x[t - 1, channel]
            let difference = x[t, channel] - previous
            product += (mixed[t, channel] - previous) * difference
            square += difference * difference
        }
        return square > 1e-12 ? product / square : nil
    }

    // MARK: The chosen layer and head

    private func detail() -> Explanation.Detail {
        let head = self.head * sizes.headSize..<(self.head + 1) * sizes.headSize
        let channels = head.lowerBound..<min(head.upperBound, head.lowerBound + Self.channelLimit)
        let shown: [(String, Activation)] = [
            ("r", .receptance), ("q", .query), ("k", .key), ("v", .value), ("d", .decay), ("κ", .removalKey),
            ("a", .learningRate), ("g", .timeGate),
        ]
        var rows = shown.compactMap { name, activation in
            // RWKV-4's and 5's decay is the same for every token.
            activation == .decay && (family == .rwkv4 || family == .rwkv5)
                ? nil : trace(activation, layer).map { Explanation.Rows(name: name, values: $0.columns(channels).rows) }
        }
        if family == .recurrent, let output = trace(.output, layer) {
            rows.append(Explanation.Rows(name: "h", values: output.columns(channels).rows))
        }
        let states = trace.states.map { heads($0["att_kv"] ?? []) }
        return Explanation.Detail(
            channels: channels, shift: shift(channels), rows: rows, sums: family == .rwkv4 ? sums() : [],
            matrices: states[position], history: history(states.map { $0.isEmpty ? [] : $0[self.head] }),
            matrixNorms: (0..<(states[0].isEmpty ? 0 : sizes.headCount)).map { head in
                states.map { norm($0[head].joined()) }
            },
            gate: trace(.channelGate, layer)?.rows[position].map(Double.init).sorted())
    }

    /// The channel among those shown whose two rows differ most at the position.
    private func shift(_ channels: Range<Int>) -> Explanation.Shift? {
        guard let x = trace(.timeInput, layer), let mixed = trace(.shiftedKey, layer) else { return nil }
        func previous(_ channel: Int) -> Double { position == 0 ? 0 : x[position - 1, channel] }
        let channel = channels.max { abs(x[position, $0] - previous($0)) < abs(x[position, $1] - previous($1)) }
        guard let channel else { return nil }
        let difference = x[position, channel] - previous(channel)
        return Explanation.Shift(
            channel: channel, previous: previous(channel), present: x[position, channel],
            mixed: mixed[position, channel],
            share: difference == 0 ? 1 : (mixed[position, channel] - previous(channel)) / difference)
    }

    /// A slot `[H, N, N]` as a matrix for each head, rows outermost.
    private func heads(_ slot: [Float]) -> [[[Float]]] {
        let n = sizes.headSize
        return stride(from: 0, to: slot.count, by: n * n).map { start in
            (0..<n).map { Array(slot[start + $0 * n..<start + ($0 + 1) * n]) }
        }
    }

    /// Up to six moments from the first token to the position.
    private func history(_ matrices: [[[Float]]]) -> [Explanation.Moment] {
        guard let first = matrices.first, !first.isEmpty else { return [] }
        let count = min(6, position + 1)
        return (0..<count).map { step in
            let token = count == 1 ? position : step * position / (count - 1)
            return Explanation.Moment(token: token, matrix: matrices[token])
        }
    }

    /// The channels whose half-lives are the shortest, in the middle, and the longest.
    private func sums() -> [Explanation.Sums] {
        guard let key = trace(.key, layer), let value = trace(.value, layer), let decay = trace(.decay, layer),
            let bonus = trace(.bonus, layer), let wkv = trace(.recurrence, layer)
        else { return [] }
        let byDecay = (0..<sizes.width).sorted { decay[0, $0] < decay[0, $1] }
        let places = Set([0, byDecay.count / 2, byDecay.count - 1]).sorted()
        return places.map { byDecay[$0] }.map { channel in
            func column(_ matrix: Matrix) -> [Double] { matrix.rows.map { Double($0[channel]) } }
            // The model keeps both sums divided by e^max, so that no exponential overflows.
            func sum(_ slot: String) -> [Double] {
                trace.states.map { state in
                    guard let sum = state[slot], let greatest = state["max"] else { return .nan }
                    return Double(sum[channel]) * exp(Double(greatest[channel]))
                }
            }
            return Explanation.Sums(
                channel: channel, halfLife: log(2) / max(-log(max(decay[0, channel], 1e-300)), 1e-9),
                bonus: bonus[0, channel], key: column(key), value: column(value), num: sum("num"), den: sum("den"),
                wkv: column(wkv))
        }
    }
}
