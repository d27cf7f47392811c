internal import LanguageModels
internal import Tensors
internal import TrainingData

/// What a run will take of the machine, tried out before it begins.
public struct TrainingEstimate: Sendable, Equatable {
    /// The most memory that the process will hold at once.
    public var byteCount: Int
    public var secondsPerStep: Double
    /// The seconds of measuring the validation text once; 0 without one.
    public var secondsPerValidation: Double

    /// The seconds of some steps with a validation after each `validationInterval` of them and after the last.
    public func seconds(steps: Int, validationInterval: Int) -> Double {
        let validations = steps / validationInterval + (steps % validationInterval == 0 ? 0 : 1)
        return Double(steps) * secondsPerStep + Double(validations) * secondsPerValidation
    }
}

extension Trainer {
    /// Tries out what a step takes. The weights stay as they are, and so does what later steps compute.
    ///
    /// Memory is foretold from two short sequences first. If that fits what the machine has left, one pass of a step is run
    /// in full, which shows both its memory and, the second time, its time; otherwise the figures are those foretold.
    /// - Parameter clock: Seconds from any beginning.
    /// - Throws: `TrainingError.notFinite` if the model's loss is not.
    /// - Complexity: That of two steps at most.
    public func estimate(
        validation: ValidationSet? = nil, clock: () -> Double
    ) throws(TrainingError) -> TrainingEstimate {
        // Before anything is tried: what the trials leave behind is used again by the run.
        let resident = ProcessMemory.resident
        // Conversations may be shorter; memory must do for the longest that there can be.
        let longest = longestSequence
        let batch = nextBatch().map { $0.stretched(to: longest) }
        let rows = min(memory.passSize(length: longest), options.batchSize)
        let length = min(memory.segmentLength ?? .max, longest)
        let passTokens = rows * length

        let short = min(length, 256)
        let once = try probe(batch.prefix(1), length: max(1, short / 2), clock: clock)
        let twice = try probe(batch.prefix(1), length: short, clock: clock)
        let perToken = Double(twice.byteCount - once.byteCount) / Double(max(1, short - max(1, short / 2)))
        var pass = (
            byteCount: twice.byteCount + Int(perToken * Double(passTokens - short)),
            seconds: twice.seconds * Double(passTokens) / Double(short)
        )
        let checked = try validation.map { validation throws(TrainingError) in try probe(validation, clock: clock) }
        let held = resident + (checked?.byteCount ?? 0)
        if held + pass.byteCount <= resident + ProcessMemory.available {
            pass = try probe(batch.prefix(rows), length: length, clock: clock)
        }
        // The update reads four numbers of each weight and writes three, where the norm reads one.
        let began = clock()
        _ = gradientNorm()
        let update = 8 * (clock() - began)
        return TrainingEstimate(
            byteCount: held + pass.byteCount,
            secondsPerStep: pass.seconds * tokensPerStep / Double(passTokens) + update,
            secondsPerValidation: checked?.seconds ?? 0)
    }

    /// Forward and backward of the beginnings of some sequences in memory of their own: its size, and the time of the second
    /// of two runs, which finds the memory there.
    private func probe(
        _ batch: ArraySlice<TrainingSequence>, length: Int, clock: () -> Double
    ) throws(TrainingError) -> (byteCount: Int, seconds: Double) {
        let scratch = Workspace(
            threadCount: workspace.threads.threadCount, kernels: workspace.kernels, precision: workspace.precision)
        let inputs = batch.map { $0.prefix(length).inputs }
        let targets = batch.flatMap { $0.prefix(length).targets }
        var seconds = Double.infinity
        // A second run of what takes long would delay the training more than it would tell.
        for _ in 0..<2 where seconds > 0.05 {
            let began = clock()
            try rehearse(inputs: inputs, targets: targets, on: scratch)
            seconds = min(seconds, clock() - began)
        }
        return (scratch.buffers.allocatedByteCount, seconds)
    }

    private func probe(
        _ validation: ValidationSet, clock: () -> Double
    ) throws(TrainingError) -> (byteCount: Int, seconds: Double) {
        let scratch = Workspace(
            threadCount: workspace.threads.threadCount, kernels: workspace.kernels, precision: workspace.precision)
        let part = validation.prefix(1024)
        let began = clock()
        do {
            _ = try part.measure(model, on: scratch)
        } catch {
            throw .invalidOption(what: "validation text", found: "\(error)", needed: "of the model's tokens")
        }
        let seconds = clock() - began
        return (
            scratch.buffers.allocatedByteCount,
            seconds * Double(validation.tokenCount) / Double(max(1, part.tokenCount))
        )
    }
}
