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

    /// The steps that some seconds allow for, with validations likewise; at least one.
    public func steps(seconds: Double, validationInterval: Int) -> Int {
        let perStep = secondsPerStep + secondsPerValidation / Double(validationInterval)
        let steps = (seconds - secondsPerValidation) / perStep
        return steps >= 1 ? Int(min(steps, 1e15)) : 1
    }
}

extension Trainer {
    /// Tries out what a step takes. The weights stay as they are, and so does what later steps compute.
    ///
    /// Memory is foretold from two short sequences first. If that fits what the machine has left, one pass of a step is run
    /// in full, which shows both its memory and, when it is repeated, its time; otherwise the figures are those foretold.
    /// - Parameter clock: Seconds from any beginning.
    /// - Throws: `TrainingError.notFinite` if the model's loss is not.
    /// - Complexity: That of two steps at most, or where those are short a second or two, or a tenth of the run's steps.
    public func estimate(
        validation: ValidationSet? = nil, clock: @escaping () -> Double
    ) throws(TrainingError) -> TrainingEstimate {
        // Before anything is tried: what the trials leave behind is used again by the run.
        let resident = ProcessMemory.resident
        // Conversations may be shorter; memory must do for the longest that there can be.
        let longest = longestSequence
        let batch = nextBatch().map { $0.stretched(to: longest) }
        let rows = memory.passSize(length: longest, count: options.batchSize)
        let length = min(memory.segmentLength ?? .max, longest)
        let passTokens = rows * length
        let passesPerStep = tokensPerStep / Double(passTokens)
        let trial = Trial(clock: clock, limit: Double(options.stepCount) * max(passesPerStep, 1) / 10)

        let short = min(length, 256)
        let once = try probe(batch.prefix(1), length: max(1, short / 2), trial: nil)
        let twice = try probe(batch.prefix(1), length: short, trial: nil)
        let perToken = Double(twice.byteCount - once.byteCount) / Double(max(1, short - max(1, short / 2)))
        let foretold = twice.byteCount + Int(perToken * Double(passTokens - short))
        let checked = try validation.map { validation throws(TrainingError) in try probe(validation, trial) }
        let held = resident + (checked?.byteCount ?? 0)
        let pass: (byteCount: Int, seconds: Double)
        if held + foretold <= resident + ProcessMemory.available {
            pass = try probe(batch.prefix(rows), length: length, trial: trial)
        } else {
            let part = try probe(batch.prefix(1), length: short, trial: trial)
            pass = (foretold, part.seconds * Double(passTokens) / Double(short))
        }
        let update = try trial.seconds(least: 0.25, rehearseUpdate)
        return TrainingEstimate(
            byteCount: held + pass.byteCount, secondsPerStep: pass.seconds * passesPerStep + update,
            secondsPerValidation: checked?.seconds ?? 0)
    }

    /// Forward and backward of the beginnings of some sequences in memory of their own: its size, and the time that `trial`
    /// finds.
    private func probe(
        _ batch: ArraySlice<TrainingSequence>, length: Int, trial: Trial?
    ) throws(TrainingError) -> (byteCount: Int, seconds: Double) {
        let scratch = ownMemory()
        let inputs = batch.map { $0.prefix(length).inputs }
        let targets = batch.flatMap { $0.prefix(length).targets }
        try rehearse(inputs: inputs, targets: targets, on: scratch)
        let seconds = try trial?.seconds(least: 1) { () throws(TrainingError) in
            try rehearse(inputs: inputs, targets: targets, on: scratch)
        }
        return (scratch.buffers.allocatedByteCount, seconds ?? 0)
    }

    private func probe(
        _ validation: ValidationSet, _ trial: Trial
    ) throws(TrainingError) -> (byteCount: Int, seconds: Double) {
        let scratch = ownMemory()
        let part = validation.prefix(1024)
        func measure() throws(TrainingError) {
            do {
                _ = try part.measure(model, on: scratch)
            } catch {
                throw .invalidOption(what: "validation text", found: "\(error)", needed: "of the model's tokens")
            }
        }
        try measure()
        let seconds = try trial.seconds(least: 0.25, measure)
        return (
            scratch.buffers.allocatedByteCount,
            seconds * Double(validation.tokenCount) / Double(max(1, part.tokenCount))
        )
    }

    private func ownMemory() -> Workspace {
        Workspace(
            threadCount: workspace.threads.threadCount, kernels: workspace.kernels, precision: workspace.precision)
    }
}

/// Takes the time of a piece of work by doing it again and again: a machine that others share has another speed each tenth
/// of a second.
private struct Trial {
    let clock: () -> Double
    /// The most times that the work is done, beyond the first.
    let limit: Double

    /// The mean time of `work` in `least` seconds of it. It has been done before, so that its memory is there.
    func seconds(least: Double, _ work: () throws(TrainingError) -> Void) throws(TrainingError) -> Double {
        let began = clock()
        var (count, taken) = (0.0, 0.0)
        repeat {
            try work()
            count += 1
            taken = clock() - began
        } while taken < least && count < min(limit, 1000)
        return taken / count
    }
}
