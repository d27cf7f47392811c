public import LanguageModels
public import Tensors

/// How large the inputs of a model's matrices are, column by column, while it reads a text: what makes an error of a weight
/// count.
///
/// An error e[n, k] of a matrix changes its output by Σ_k e[n, k] · x[k]; over a text, its square is about
/// Σ_k e[n, k]² · mean(x[k]²), which is what `StoredTensor.quantized` makes small.
public struct InputStatistics: Sendable {
    /// By the matrix's name, the mean square of each of its inputs.
    private let meanSquares: [String: [Float]]

    /// Reads `tokens` with `model`.
    /// - Throws: `ModelError` for a token outside the vocabulary.
    /// - Complexity: One forward pass; memory is that of 512 tokens.
    public init(
        of model: LanguageModel, reading tokens: [Int32], on workspace: Workspace, progress: (Double) -> Void = { _ in }
    ) throws(ModelError) {
        let sums = Sums()
        let tape = Tape(on: workspace, onLinear: { parameter, x in sums.add(x, to: parameter.name) })
        var state = model.initialState()
        for start in stride(from: 0, to: tokens.count, by: 512) {
            let end = min(start + 512, tokens.count)
            _ = try model(Array(tokens[start..<end]), state: &state, wanted: .all, on: tape)
            progress(Double(end) / Double(tokens.count))
        }
        meanSquares = sums.squares.mapValues { squares in
            let count = Double(max(1, tokens.count))
            return squares.map { Float($0 / count) }
        }
    }

    /// What each column of a matrix counts; `nil` if it was never used as a factor, as an embedding is not.
    ///
    /// What was hardly used in this text may be in the next: every column counts at least a twentieth of the mean.
    public func importance(of name: String) -> [Float]? {
        guard let squares = meanSquares[name] else { return nil }
        let mean = squares.reduce(0, +) / Float(max(1, squares.count))
        // A matrix whose inputs were all zero is like one that was never used.
        return mean > 0 && mean.isFinite ? squares.map { $0 + mean / 20 } : nil
    }

    private final class Sums {
        var squares: [String: [Double]] = [:]

        func add(_ x: Tensor, to name: String) {
            var sums = squares[name] ?? [Double](repeating: 0, count: x.width)
            for row in 0..<x.rows {
                for (k, value) in x.values(ofRow: row).enumerated() { sums[k] += Double(value) * Double(value) }
            }
            squares[name] = sums
        }
    }
}
