internal import LanguageModels
internal import Tensors
internal import Training

/// What a training step of one sequence costs.
public struct ContextPoint: Codable, Sendable, Equatable {
    /// The tokens of the sequence.
    public var length: Int
    /// Of forward and backward.
    public var seconds: Double
    /// The bytes of what is kept for the backward pass and of the state, without weights and their gradients.
    public var byteCount: Int
}

/// Measures forward and backward passes of one sequence by its length.
struct ContextMeasurement {
    let lengths: [Int]
    let precision: TrainingPrecision
    let clock: @Sendable () -> Double

    func measure(
        _ model: LanguageModel, text: [Int32], on workspace: Workspace, isCancelled: () -> Bool
    ) throws(ModelError) -> [ContextPoint]? {
        let memory = BufferPool()
        let gradients = Gradients(model.parameters, in: memory)
        // Matrices that are rounded for the products are rounded once for all lengths, in memory that is not counted.
        let narrowWeights = precision == .bf16 ? NarrowWeights() : nil
        let other = Workspace(threadCount: 1, kernels: workspace.kernels)
        _ = try pass(model, text.prefix(3), gradients, narrowWeights, on: other)
        var points: [ContextPoint] = []
        for length in lengths.sorted() where length < text.count {
            // Memory of its own, so that its size is that of this length.
            let scratch = Workspace(threadCount: workspace.threads.threadCount, kernels: workspace.kernels)
            var best = (seconds: Double.infinity, stateByteCount: 0)
            for _ in 0..<3 {
                if isCancelled() { return nil }
                let start = clock()
                let stateByteCount = try pass(model, text.prefix(length + 1), gradients, narrowWeights, on: scratch)
                best = (min(best.seconds, clock() - start), stateByteCount)
            }
            points.append(
                ContextPoint(
                    length: length, seconds: best.seconds,
                    byteCount: scratch.buffers.allocatedByteCount + best.stateByteCount))
        }
        return points
    }

    /// Forward and backward over the tokens but the last, which is predicted.
    /// - Returns: The bytes of the state after it.
    private func pass(
        _ model: LanguageModel, _ tokens: ArraySlice<Int32>, _ gradients: Gradients, _ narrowWeights: NarrowWeights?,
        on workspace: Workspace
    ) throws(ModelError) -> Int {
        let tape = Tape(on: workspace, gradients: gradients)
        tape.narrowWeights = narrowWeights
        var chunks = [SequenceChunk(tokens: Array(tokens.dropLast()), state: model.initialState(), wanted: .all)]
        _ = try model.loss(&chunks, targets: Array(tokens.dropFirst()), on: tape)
        tape.backward()
        return chunks[0].state.byteCount
    }
}
