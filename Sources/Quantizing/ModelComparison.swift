internal import Foundation
public import LanguageModels
public import Tensors

/// A model and what it is to compute with.
public struct ComparedModel {
    let model: LanguageModel
    let workspace: Workspace

    public init(_ model: LanguageModel, on workspace: Workspace) {
        self.model = model
        self.workspace = workspace
    }
}

/// Reads one text with several models side by side and measures how their predictions differ from the first one's.
///
/// The logits of a few positions at a time are held, so that neither the length of the text nor the number of models
/// makes memory grow.
public struct ModelComparison {
    private let original: ComparedModel
    private let others: [ComparedModel]
    private static let chunk = 64

    /// Probabilities below this are left out of sums over the vocabulary: they hardly change them.
    private static let negligible = 1e-10

    public init(of others: [ComparedModel], with original: ComparedModel) {
        self.original = original
        self.others = others
    }

    /// Reads `tokens` from their beginning; token 0 is read first, so that all are predicted.
    /// - Parameter progress: Is told the share that is done.
    /// - Returns: The original's figures, which differ from itself in nothing, and the others'.
    /// - Throws: `ModelError` for a token outside the vocabulary.
    public func measure(
        _ tokens: [Int32], progress: (Double) -> Void = { _ in }
    ) throws(ModelError) -> (original: Divergence, others: [Divergence]) {
        var states = ([original] + others).map { $0.model.initialState() }
        var found = [Divergence](repeating: Divergence(), count: states.count)
        for start in stride(from: 0, to: tokens.count, by: Self.chunk) {
            let targets = Array(tokens[start..<min(start + Self.chunk, tokens.count)])
            let inputs = [start == 0 ? 0 : tokens[start - 1]] + targets.dropLast()
            let reference = try logits(original, inputs, &states[0])
            let rows = reference.losses(targets)
            found[0].add(rows.losses)
            found[0].agreementCount += targets.count
            for (i, other) in others.enumerated() {
                let logits = try logits(other, inputs, &states[i + 1])
                found[i + 1].add(logits.losses(targets).losses)
                compare(rows.probabilities, reference.tensor, logits.tensor, &found[i + 1])
            }
            progress(Double(start + targets.count) / Double(tokens.count))
        }
        return (found[0], Array(found.dropFirst()))
    }

    private func logits(
        _ compared: ComparedModel, _ inputs: [Int32], _ state: inout ModelState
    ) throws(ModelError) -> Logits {
        let tape = Tape(on: compared.workspace)
        return Logits(tensor: try compared.model(inputs, state: &state, wanted: .all, on: tape), tape: tape)
    }

    /// With differences d[v] of the logits,
    ///
    ///     KL = log Σ_v p[v] · e^d[v] − Σ_v p[v] · d[v],
    ///
    /// where the first part is taken as log(1 + Σ p · (e^d − 1)), so that nothing is lost when the models are close.
    private func compare(_ probabilities: [Float], _ a: Tensor, _ b: Tensor, _ sum: inout Divergence) {
        let width = a.width
        for row in 0..<a.rows {
            var (growth, mean) = (0.0, 0.0)
            var greatest: Float = 0
            var (best, otherBest) = (0, 0)
            a.values(ofRow: row).withValues { x in
                b.values(ofRow: row).withValues { y in
                    for v in 0..<width {
                        let difference = y[v] - x[v]
                        greatest = max(greatest, abs(difference))
                        if x[v] > x[best] { best = v }
                        if y[v] > y[otherBest] { otherBest = v }
                        let p = Double(probabilities[row * width + v])
                        if p > Self.negligible {
                            growth += p * expm1(Double(difference))
                            mean += p * Double(difference)
                        }
                    }
                }
            }
            sum.divergenceSum += max(0, log1p(growth) - mean)
            sum.greatestLogitChange = max(sum.greatestLogitChange, greatest)
            sum.agreementCount += best == otherBest ? 1 : 0
        }
    }
}

/// The logits of some positions, with the tape that they belong to.
private struct Logits {
    let tensor: Tensor
    let tape: Tape

    /// −log probability of the targets, and all probabilities.
    func losses(_ targets: [Int32]) -> (losses: [Float], probabilities: [Float]) {
        let losses = tape.crossEntropies(tensor, targets)
        let probabilities = (0..<tensor.rows).flatMap { row in
            let logits = tensor.values(ofRow: row)
            let logSum = losses[row] + logits[Int(targets[row])]
            return logits.map { exp($0 - logSum) }
        }
        return (losses, probabilities)
    }
}

extension Divergence {
    fileprivate mutating func add(_ losses: [Float]) {
        nats = losses.reduce(nats) { $0 + Double($1) }
        tokenCount += losses.count
    }
}
