public import LanguageModels
public import Tensors
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
        var points: [ContextPoint] = []
        for length in lengths.sorted() where length < text.count {
            // Memory of its own, so that its size is that of this length.
            let scratch = Workspace(threadCount: workspace.threads.threadCount, kernels: workspace.kernels)
            var best = (seconds: Double.infinity, stateByteCount: 0)
            for _ in 0..<3 {
                if isCancelled() { return nil }
                let tape = Tape(on: scratch, gradients: gradients)
                if precision == .bf16 { tape.narrowWeights = NarrowWeights() }
                var chunks = [
                    SequenceChunk(tokens: Array(text[..<length]), state: model.initialState(), wanted: .all)
                ]
                let start = clock()
                _ = try model.loss(&chunks, targets: Array(text[1...length]), on: tape)
                tape.backward()
                best = (min(best.seconds, clock() - start), chunks[0].state.byteCount)
            }
            points.append(
                ContextPoint(
                    length: length, seconds: best.seconds,
                    byteCount: scratch.buffers.allocatedByteCount + best.stateByteCount))
        }
        return points
    }
}
